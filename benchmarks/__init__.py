"""How fast rayfence is and how much memory it takes, as ratios to yardsticks measured in the same run."""
