"""What contracts calculate: pure functions of quantities, one idea to a module.

A function's name is the name of its line. It uses its parameters, whole numbers, operators and primitives alone.
"""
