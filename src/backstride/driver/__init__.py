"""The client side of FTMS: bleak, and nothing but bleak, knows the radio."""
