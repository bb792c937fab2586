"""The options of commands that find their app themselves, as text (see `servers.tables`)."""

from __future__ import annotations

FLASK_GROUP = """
env_file -e --env-file text
app -A --app text
debug --debug/--no-debug switch
version --version flag
help --help flag
"""

FLASK_RUN = """
debug --debug/--no-debug switch
host --host -h text 127.0.0.1
port --port -p int 5000
cert --cert text
key --key text
reload --reload/--no-reload switch none
debugger --debugger/--no-debugger switch none
with_threads --with-threads/--without-threads switch true
extra_files --extra-files text
exclude_patterns --exclude-patterns text
help --help flag
"""

QUART_RUN = """
host --host -h text 127.0.0.1
port --port -p int 5000
certfile --certfile --cert text
keyfile --keyfile --key text
reload --reload/--no-reload switch
debug --debug/--no-debug switch
help --help flag
"""

FASTAPI_RUN = """
host --host text 0.0.0.0
port --port int 8000
reload --reload/--no-reload switch
root_path --root-path text
app --app text
entrypoint -e --entrypoint text
proxy_headers --proxy-headers/--no-proxy-headers switch true
forwarded_allow_ips --forwarded-allow-ips text
verbose -v --verbose/--no-verbose switch
help --help flag
workers --workers int
"""

FASTAPI_DEV = """
host --host text 127.0.0.1
port --port int 8000
reload --reload/--no-reload switch true
root_path --root-path text
app --app text
entrypoint -e --entrypoint text
proxy_headers --proxy-headers/--no-proxy-headers switch true
forwarded_allow_ips --forwarded-allow-ips text
verbose -v --verbose/--no-verbose switch
help --help flag
reload_dir --reload-dir list
"""

RUNSERVER = """
reload --noreload off true
threaded --nothreading off true
insecure --insecure flag
ipv6 -6 --ipv6 flag
static --nostatic off true
skip_checks --skip-checks flag
settings --settings text
pythonpath --pythonpath text
verbosity -v --verbosity int 1
traceback --traceback flag
no_color --no-color flag
force_color --force-color flag
version --version flag
help -h --help flag
"""

FLASK_SCRIPT = """
help -? --help flag
host -h --host text 127.0.0.1
port -p --port int 5000
threaded --threaded flag
processes --processes int 1
passthrough_errors --passthrough-errors flag
debug -d/-D --debug/--no-debug switch
reload -r/-R --reload/--no-reload switch
ssl_crt --ssl-crt text
ssl_key --ssl-key text
"""

SANIC = """
help -h --help flag
version --version flag
factory --factory flag
simple -s --simple flag
repl --repl/--no-repl switch
host -H --host text 127.0.0.1
port -p --port int 8000
unix=uds -u --unix text
http --http list
http1 -1 flag
http3 -3 flag
cert=certfile --cert text
key=keyfile --key text
tls --tls list
tlshost --tls-strict-host flag
debug --debug flag
auto_reload=reload -r --reload --auto-reload flag
path -R --reload-dir list
dev -d --dev flag
auto_tls --auto-tls flag
workers -w --workers int 1
fast --fast flag
single --single-process flag
access_log --access-logs/--no-access-logs switch
coffee --coffee/--no-coffee switch
motd --motd/--no-motd switch true
verbosity -v --verbosity count
noisy_exceptions --noisy-exceptions/--no-noisy-exceptions switch
daemon -D --daemon flag
pidfile --pidfile text
logfile --logfile text
daemon_user=user --user text
daemon_group=group --group text
"""

LITESTAR_GROUP = """
app --app text
app_dir --app-dir text
help --help flag
"""

LITESTAR_RUN = """
reload -r --reload flag
reload_dir -R --reload-dir list
reload_include -I --reload-include list
reload_exclude -E --reload-exclude list
port -p --port int 8000
web_concurrency=workers -W --wc --web-concurrency int 1
host -H --host text 127.0.0.1
file_descriptor=fd -F --fd --file-descriptor int
unix_domain_socket=uds -U --uds --unix-domain-socket text
debug -d --debug flag
pdb -P --pdb --use-pdb flag
ssl_cert_path=certfile --ssl-certfile text
ssl_key_path=keyfile --ssl-keyfile text
create_self_signed_cert --create-self-signed-cert flag
help --help flag
"""

PSERVE = """
app_name -n --app-name text
server -s --server text
server_name --server-name text main
reload --reload flag
reload_interval --reload-interval int 1
browser -b --browser flag
verbose -v --verbose flag
quiet -q --quiet flag
help -h --help flag
"""
