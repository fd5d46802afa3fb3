"""What one caller's work does to another's waiting.

Every scenario starts a server of its own, measures somebody who wants little while nobody else is
there (`alone`), then the same while others want much, or misbehave (`beside`). Bounded in count
and time, on the loopback only.
"""
