"""The look-alikes of every product as a file, for e-mails and feeds."""
