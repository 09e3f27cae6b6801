# Saldo on the official Airflow image; docker-compose.yaml runs all of its services from this one image.
FROM apache/airflow:3.3.2-python3.12

# Volumes take over the owner of the folder they are mounted on when they are first used.
USER root
RUN install --directory --owner=airflow --group=0 /opt/saldo /opt/saldo/certificates
USER airflow

# The lock names this image's own Airflow version, so that nothing moves Airflow itself.
COPY requirements.txt /opt/saldo/
RUN pip install --no-cache-dir --requirement /opt/saldo/requirements.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/saldo/
COPY --chown=airflow:0 plugins /opt/saldo/plugins
COPY --chown=airflow:0 include /opt/saldo/include
COPY --chown=airflow:0 dags /opt/saldo/dags
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable /opt/saldo

ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/saldo/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/saldo/plugins
