# The base brings instructions that run first.
FROM onbuild AS made
ONBUILD LABEL from=made
FROM made
ENV last=1
