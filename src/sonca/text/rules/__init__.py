"""What reads a sentence: `order` lists the rules, `rule` says what one is."""
