"""Everything that `rayfence build` writes: the bundle of each backend, the files of the tenants, and their page."""
