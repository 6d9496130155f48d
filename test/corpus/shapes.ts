/** A Compose file as a public project has it, and the one thing about it that it is here for. */
export interface Subject {
  /** The folder beside this file. */
  readonly folder: string
  /** Whose file looks like this one. */
  readonly project: string
  /** What no other file of the corpus is the subject of. */
  readonly shape: string
  /** Only this one shape's words; without them the file would no longer be about it. */
  readonly mark: RegExp
  /** Files given with `-f`; without them Compose finds the file by itself. */
  readonly files?: readonly string[]
  /** Compose that can read it: `v2` where version 1 cannot, or a least version. */
  readonly since?: string
  /** Compose itself stops, and this is what it lacks. */
  readonly lacks?: RegExp
  /** It really comes up in the test: the engine of the tests has all of its images. */
  readonly runs?: true
  /** A service, and a line of shell for it that fills what would stay empty: what is empty is never at stake. */
  readonly fill?: readonly [service: string, line: string]
}

export const subjects: readonly Subject[] = [
  // ---- Where the data lies
  {
    folder: 'wordpress',
    project: 'WordPress',
    shape: 'named volumes for a database and a site',
    mark: /db_data:\/var\/lib\/mysql/,
  },
  {
    folder: 'nextcloud',
    project: 'Nextcloud',
    shape: 'folders beside the file, shared with a cron container',
    mark: /\.\/html:\/var\/www\/html[^]*\.\/html:\/var\/www\/html/,
  },
  {
    folder: 'mastodon',
    project: 'Mastodon',
    shape: 'a folder named after the version of its database',
    mark: /\.\/postgres14:/,
  },
  {
    folder: 'immich',
    project: 'Immich',
    shape: 'folders of the data from .env',
    mark: /\$\{UPLOAD_LOCATION\}:/,
  },
  {
    folder: 'vaultwarden',
    project: 'Vaultwarden',
    shape: 'SQLite in a named volume',
    mark: /vw-data:\/data/,
  },
  {
    folder: 'jellyfin',
    project: 'Jellyfin and Jellystat',
    shape: 'absolute paths that this machine does not have',
    mark: /\/srv\/jellyfin\/postgres:/,
  },
  { folder: 'neo4j', project: 'Neo4j', shape: 'folders below $HOME', mark: /\$HOME\/neo4j\/data:/ },
  { folder: 'couchdb', project: 'CouchDB', shape: 'a folder below ~', mark: /~\/couchdb\/data:/ },
  {
    folder: 'kafka',
    project: 'Apache Kafka',
    shape: 'data and log of one server in two volumes',
    mark: /zk-data:[^]*zk-log:/,
  },
  {
    folder: 'influxdb',
    project: 'InfluxDB',
    shape: 'data and configuration of one server in two volumes',
    mark: /:\/var\/lib\/influxdb2[^]*:\/etc\/influxdb2/,
  },
  {
    folder: 'navidrome',
    project: 'Navidrome',
    shape: 'a volume on NFS',
    mark: /type: nfs/,
  },
  {
    folder: 'photoprism',
    project: 'PhotoPrism',
    shape: 'volumes that are folders of the host (o: bind)',
    mark: /o: bind/,
  },
  {
    folder: 'nextcloud-aio',
    project: 'Nextcloud All-in-One',
    shape: 'volumes with names of their own',
    mark: /name: nextcloud_aio_database/,
  },
  {
    folder: 'sentry',
    project: 'Sentry',
    shape: 'external volumes that an installer makes first',
    mark: /sentry-postgres:\s+external: true/,
    lacks: /external volume sentry-/,
  },
  {
    folder: 'moodle',
    project: 'Moodle',
    shape: 'mounts in the long syntax, with nocopy',
    mark: /nocopy: true/,
  },
  {
    folder: 'strapi',
    project: 'Strapi',
    shape: 'anonymous volumes over a mounted source tree',
    mark: /- \/opt\/app\/node_modules/,
  },
  { folder: 'drupal', project: 'Drupal', shape: 'volumes_from', mark: /volumes_from:/ },
  {
    folder: 'discourse',
    project: 'Discourse (Bitnami)',
    shape: 'images of another maker, with data paths of their own',
    mark: /:\/bitnami\/postgresql/,
  },
  {
    folder: 'elasticsearch',
    project: 'Elasticsearch',
    shape: 'a single node of a cluster’s server, with a folder for snapshots',
    mark: /discovery\.type=single-node[^]*snapshots/,
  },
  {
    folder: 'cassandra',
    project: 'Apache Cassandra',
    shape: 'several nodes, each with a volume of its own',
    mark: /cassandra3:\/var\/lib\/cassandra/,
  },

  // ---- Databases
  {
    folder: 'postgres-pgdata',
    project: 'PostgreSQL',
    shape: 'PGDATA in a folder of the volume',
    mark: /PGDATA: \/var\/lib\/postgresql\/data\/pgdata/,
  },
  {
    folder: 'fastapi',
    project: 'Full Stack FastAPI Template',
    shape: 'the volume mounted at PGDATA, below the usual place',
    mark: /app-db-data:\/var\/lib\/postgresql\/data\/pgdata/,
    // Its `develop:` came with that version.
    since: '2.22.0',
  },
  {
    folder: 'postgres-18',
    project: 'PostgreSQL',
    shape: 'PostgreSQL 18 with its volume at the parent folder',
    mark: /postgres:18[^]*pgdata:\/var\/lib\/postgresql\n/,
    runs: true,
  },
  {
    folder: 'lemmy',
    project: 'Lemmy',
    shape: 'scripts for the first start, mounted read-only',
    mark: /:\/docker-entrypoint-initdb\.d:ro/,
  },
  {
    folder: 'mariadb',
    project: 'MariaDB',
    shape: 'a container of the same image that reads the data for a backup',
    mark: /db:\/var\/lib\/mysql:ro/,
    runs: true,
  },
  {
    folder: 'redis',
    project: 'Redis',
    shape: 'an append-only file by command',
    mark: /--appendonly yes/,
    runs: true,
  },
  {
    folder: 'django',
    project: 'Django',
    shape: 'a test database in memory',
    mark: /tmpfs:\s+- \/var\/lib\/postgresql\/data/,
  },
  {
    folder: 'repmgr',
    project: 'repmgr',
    shape: 'an archive of logs that primary and replica share',
    mark: /archive:\/var\/lib\/postgresql\/archive/,
    runs: true,
    fill: ['primary', 'echo log > /var/lib/postgresql/archive/000000010000000000000001'],
  },
  {
    folder: 'matomo',
    project: 'Matomo',
    shape: 'configuration of a server mounted beside its data',
    mark: /:\/etc\/mysql\/conf\.d:ro/,
  },
  {
    folder: 'shlink',
    project: 'Shlink',
    shape: 'a cache that keeps nothing and mounts nothing',
    mark: /--save "" --appendonly no --maxmemory/,
  },
  {
    folder: 'opencti',
    project: 'OpenCTI',
    shape: 'RabbitMQ with a hostname',
    mark: /hostname: opencti-rabbitmq/,
  },
  { folder: 'zulip', project: 'Zulip', shape: 'RabbitMQ without a hostname', mark: /image: rabbitmq/ },
  {
    folder: 'rocketchat',
    project: 'Rocket.Chat',
    shape: 'a MongoDB replica set with a key from a secret’s file',
    mark: /--keyFile[^]*file: \.\/secrets\/mongo_keyfile/,
  },
  { folder: 'plausible', project: 'Plausible', shape: 'ulimits for ClickHouse', mark: /ulimits:/ },
  {
    folder: 'signoz',
    project: 'SigNoz',
    shape: 'a job of the server’s own image that prepares a folder below its data',
    mark: /init-clickhouse:[^]*user_scripts/,
  },
  {
    folder: 'opensearch',
    project: 'OpenSearch',
    shape: 'a job that sets the owner of a server’s volume',
    mark: /chown -R 1000:1000 \/usr\/share\/opensearch\/data/,
  },
  {
    folder: 'docker-volume-backup',
    project: 'docker-volume-backup',
    shape: 'a tool with everybody’s volumes read-only, and the engine’s socket',
    mark: /pgdata:\/backup\/pgdata-backup:ro/,
  },

  // ---- How the file is written
  {
    folder: 'owncloud',
    project: 'ownCloud',
    shape: 'version 2.4 at the top',
    mark: /version: '2\.4'[^]*mem_limit/,
  },
  { folder: 'portainer', project: 'Portainer', shape: 'version 3.8 at the top', mark: /version: '3\.8'/ },
  {
    folder: 'karakeep',
    project: 'Karakeep',
    shape: 'name: at the top, and a search engine',
    mark: /^name: karakeep$/m,
    since: 'v2',
  },
  {
    folder: 'minio',
    project: 'MinIO',
    shape: 'anchors and x- fields for the nodes of a cluster',
    mark: /x-minio-common: &minio-common/,
  },
  { folder: 'dify', project: 'Dify', shape: 'profiles', mark: /profiles:/ },
  {
    folder: 'frappe',
    project: 'Frappe and ERPNext',
    shape: 'several files with -f',
    mark: /No ERPNext version set/,
    files: ['compose.yaml', 'overrides/compose.mariadb.yaml', 'overrides/compose.redis.yaml'],
  },
  {
    folder: 'mailcow',
    project: 'mailcow',
    shape: 'an override file that is found by itself',
    mark: /127\.0\.0\.1:13306:3306/,
  },
  {
    folder: 'pterodactyl',
    project: 'Pterodactyl',
    shape: '!override and !reset',
    mark: /!override[^]*!reset/,
    since: '2.24.4',
  },
  {
    folder: 'wger',
    project: 'wger',
    shape: 'files and the project’s name chosen in .env',
    mark: /COMPOSE_FILE=docker-compose\.yml:docker-compose\.prod\.yml/,
  },
  {
    folder: 'chatwoot',
    project: 'Chatwoot',
    shape: 'extends from another file',
    mark: /extends:\s+file: common\.yaml/,
  },
  { folder: 'authelia', project: 'Authelia', shape: 'include', mark: /^include:/m, since: '2.20.0' },
  {
    folder: 'paperless-ngx',
    project: 'Paperless-ngx',
    shape: 'variables from an env_file',
    mark: /env_file: docker-compose\.env/,
  },
  {
    folder: 'librechat',
    project: 'LibreChat',
    shape: 'defaults for variables that nobody sets',
    mark: /\$\{MONGO_DATA:-\.\/data-node\}/,
  },
  {
    folder: 'miniflux',
    project: 'Miniflux',
    shape: 'secrets from variables',
    mark: /database_password:\s+environment:/,
    since: 'v2',
  },
  {
    folder: 'qdrant',
    project: 'Qdrant',
    shape: 'configs from a file',
    mark: /file: \.\/production\.yaml/,
  },
  {
    folder: 'loki',
    project: 'Grafana Loki',
    shape: 'configs with their content',
    mark: /content: \|/,
    since: '2.23.1',
  },
  {
    folder: 'rails',
    project: 'Ruby on Rails',
    shape: 'a development container, with the file in a folder of its own',
    mark: /:\/workspaces:cached/,
    files: ['.devcontainer/compose.yaml'],
  },
  {
    folder: 'elk',
    project: 'docker-elk',
    shape: 'images built with arguments',
    mark: /args:\s+ELASTIC_VERSION/,
  },

  // ---- How the containers run
  {
    folder: 'keycloak',
    project: 'Keycloak',
    shape: 'waiting for a healthy database',
    mark: /condition: service_healthy/,
  },
  {
    folder: 'airflow',
    project: 'Apache Airflow',
    shape: 'a job that must end before the others begin',
    mark: /condition: service_completed_successfully/,
  },
  { folder: 'redmine', project: 'Redmine', shape: 'links', mark: /links:/ },
  { folder: 'pihole', project: 'Pi-hole', shape: 'container_name', mark: /container_name: pihole/ },
  {
    folder: 'n8n',
    project: 'n8n',
    shape: 'replicas of workers that share a volume',
    mark: /replicas: 3/,
  },
  { folder: 'spark', project: 'Apache Spark', shape: 'scale of a worker', mark: /scale: 2/ },
  {
    folder: 'hugo',
    project: 'Hugo',
    shape: 'a site that one service writes and another one reads',
    mark: /site:\/out[^]*site:\/site:ro/,
  },
  {
    folder: 'nitter',
    project: 'Nitter',
    shape: 'read-only containers with caches in memory',
    mark: /read_only: true\s+tmpfs:/,
  },
  {
    folder: 'prometheus',
    project: 'Prometheus and Grafana',
    shape: 'dashboards mounted read-only below a server’s data',
    mark: /:\/var\/lib\/grafana\/dashboards:ro/,
  },
  {
    folder: 'traefik',
    project: 'Traefik',
    shape: 'the socket of the engine',
    mark: /docker\.sock:\/var\/run\/docker\.sock/,
  },
  {
    folder: 'home-assistant',
    project: 'Home Assistant',
    shape: 'the network and the devices of the host',
    mark: /network_mode: host/,
  },
  {
    folder: 'gitea',
    project: 'Gitea',
    shape: 'a network with external: false',
    mark: /external: false/,
  },
  {
    folder: 'uptime-kuma',
    project: 'Uptime Kuma',
    shape: 'a network of a reverse proxy that is not there',
    mark: /proxy:\s+external: true/,
  },
]
