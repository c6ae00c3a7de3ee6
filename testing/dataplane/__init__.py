"""NetworkPolicies on a real kernel: compiled to nftables, enforced between network namespaces, tried by connecting."""
