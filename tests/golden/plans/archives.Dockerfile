# Archives are unpacked where ADD puts them, and nowhere else.
FROM base
ADD tool.tar /
ADD --chown=7:8 *.tar /elsewhere
ADD --unpack=false tool.tar /kept/
COPY tool.tar /copied
