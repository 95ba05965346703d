"""What one embedding answers beside similar products: same product? what is it?"""
