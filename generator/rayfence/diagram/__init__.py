"""Draws the findings of `rayfence reach`: what is in the picture, where, and as which SVG elements.

`connections` lists what to draw, `rails` and `boxes` compute the positions, `drawing` makes the elements.
"""
