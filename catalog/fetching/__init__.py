"""Photos and feeds from http(s) addresses: what may be asked, how, when again, where it goes."""
