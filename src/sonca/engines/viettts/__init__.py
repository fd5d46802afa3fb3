"""VietTTS: text and a reference recording in, a cloned Vietnamese voice out.

Reading order: `engine` (the contract of `sonca.engines.base`), `session` (which sentence is worked
at when), `decoding` (text to speech tokens), `rendering` (tokens to mel to sound), `backends` (who
computes), `prompt` (a recording becomes a voice), `convert` (upstream's files become ours).
"""
