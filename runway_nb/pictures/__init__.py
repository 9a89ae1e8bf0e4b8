"""From any picture-like thing to an asset on the account, and pictures out of clips."""
