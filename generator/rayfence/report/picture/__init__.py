"""Findings of a reachability proof in, a picture out: what is drawn, where, and as which SVG elements.

`connections` says what there is to draw, `rails` and `boxes` where it stands, `drawing` how it looks.
"""
