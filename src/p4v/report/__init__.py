"""From a worksheet to what people read. Everything here is made from a stored settlement and can be made again."""
