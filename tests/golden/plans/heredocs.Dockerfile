# Files and scripts that stand in the Dockerfile itself.
FROM base
ARG who=world
COPY <<greeting <<'raw' /etc/motd.d/
hello $who
greeting
hello $who
raw
COPY --chmod=750 --chown=1:2 <<-'EOT' entry.sh
	#!/bin/sh
	exec "$@"
	EOT
RUN <<EOT
set -e
echo $who > /run.txt
EOT
ENTRYPOINT ["/entry.sh"]
