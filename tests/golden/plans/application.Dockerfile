# An interpreted application: COPYs between RUNs, and all kinds of settings.
FROM base
LABEL maintainer="someone" version=1
ARG DEBUG
ENV DEBUG=${DEBUG:-no} APP_HOME=/srv/app
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app ${APP_HOME}
RUN python -m compileall app
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=3 CMD test -f /srv/app
SHELL ["/bin/bash", "-ec"]
RUN true
CMD python -m app
