"""The Dockerfile language: source, grammar, words, stages and ignore rules."""
