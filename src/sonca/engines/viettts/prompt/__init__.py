"""From a recording to what the model needs of it: its tokens, mel and speaker vector."""
