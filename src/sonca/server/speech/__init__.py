"""A speech on its way from a request to an answer, in the order of these modules: `submit` queues
it, `audio_stream` encodes it, `recorder` keeps it, `body` frames it, `response` sends it.
"""
