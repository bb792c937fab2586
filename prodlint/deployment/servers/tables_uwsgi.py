"""The options of the servers written in C, uWSGI and mod_wsgi-express, as text (see `servers.tables`).

They have hundreds. Those that take no value are all named; any other takes one.
"""

from __future__ import annotations

# Asked of uWSGI 2.0.30 itself, one option at a time.
_UWSGI_FLAGS = (
    "--harakiri-verbose --harakiri-no-arh --no-harakiri-arh --no-harakiri-after-req-hook --skip-zero "
    "--skip-atexit --skip-atexit-teardown --if-reload --if-not-reload --end-blacklist --end-whitelist "
    "--ignore-sigpipe --ignore-write-errors --write-errors-exception-only --disable-write-exception -m "
    "--memory-report -c --cgi-mode -a --abstract-socket --freebind --no-threads-wait --auto-procname "
    "--honour-stdin --emperor-nofollow --emperor-tyrant --emperor-tyrant-nofollow --early-emperor "
    "--emperor-magic-exec --emperor-no-blacklist --emperor-graceful-shutdown --imperial-monitor-list "
    "--imperial-monitors-list --exit-on-reload --force-gateway -h --help --usage -r --reaper --no-fd-passing "
    "--persistent-ipcsem --cache-no-expire --cache-report-freed-items --cache-use-last-modified --spooler-ordered "
    "--spooler-quiet --no-initgroups --setns-preopen --jailed --refork --re-fork --refork-as-root "
    "--re-fork-as-root --refork-post-jail --re-fork-post-jail --no-server --command-mode --no-defer-accept "
    "--tcp-nodelay --so-keepalive --so-send-timeout --socket-send-timeout --so-write-timeout "
    "--socket-write-timeout --shutdown-sockets --pcre-jit --never-swap --propagate-touch --no-default-app "
    "--manage-script-name --ignore-script-name --catch-exceptions --reload-on-exception --enable-metrics "
    "--metrics-dir-restore --metric-dir-restore --metrics-no-cores --stats-http --stats-minified --stats-min "
    "--stats-no-cores --stats-no-metrics --subscriptions-use-credentials --subscription-dotsplit "
    "--unsubscribe-on-graceful-reload --start-unsubscribed --logformat-strftime --log-format-strftime "
    "--logfile-chown --logger-list --loggers-list --threaded-logger --use-abort --alarm-list --alarms-list "
    "--log-master --log-master-stream --log-master-req-stream --log-reopen --log-truncate --log-zero --log-4xx "
    "--log-5xx --log-micros --log-x-forwarded-for --master-as-root --drop-after-init --drop-after-apps --lazy "
    "--cheap --cheaper-algo-list --cheaper-algos-list --cheaper-list --die-on-idle --vhost --vhost-host "
    "--router-list --routers-list --clock-list --clocks-list --check-static-docroot --static-gzip-all "
    "--honour-range --disable-sendfile --close-on-exec --close-on-exec2 --enable-proxy-protocol --reuse-port "
    "--tcp-fast-open-client --tcp-fastopen-client --zerg-fallback --loop-list --loops-list --daemons-honour-stdin "
    "--plugins-list --plugin-list --autoload --dump-options --show-config --cflags --dot-h --config-py --version "
    "--paste-logger --reload-os-env --no-site --start_response-nodelay --wsgi-strict --wsgi-accept-buffer "
    "--wsgi-accept-buffers --wsgi-disable-file-wrapper --python-version --py-call-osafterfork "
    "--py-call-uwsgi-fork-hooks --symcall-use-next --gevent-monkey-patch --gevent-early-monkey-patch "
    "--gevent-wait-for-hub --nagios --carbon-no-workers --carbon-name-resolve --carbon-resolve-names "
    "--carbon-use-metrics --fastrouter-cheap --fastrouter-fallback-on-no-key --http-auto-chunked --http-auto-gzip "
    "--http-raw-body --http-chunked-input --http-cheap --http-manage-source --http-manage-rtsp --ugreen "
    "--rsyslog-split-messages --rawrouter-cheap --rawrouter-xclient --cheaper-busyness-verbose"
)
_UWSGI_ATTACHED = (
    "--endfor --end-for --endif --end-if --mule-msg-size --ksm --snmp --log-syslog --logdate --log-date "
    "--log-prefix --check-cache --exit --pyshell --pyshell-oneshot --fastrouter-use-cache --fastrouter-use-socket "
    "--http-use-cache --http-manage-expect --http-keepalive --http-use-socket --http-enable-proxy-protocol "
    "--rawrouter-use-cache --rawrouter-use-socket"
)

UWSGI = f"""
ini --ini list
yaml -y --yaml --yml list
xml -x --xml --xmlconfig list
json -j --json list
config --config list
http --http list
http_socket --http-socket --http11-socket list
https --https --https2 list
socket -s --socket --uwsgi-socket list
fastcgi_socket --fastcgi-socket list
protocol --protocol --socket-protocol text
module -w --module --wsgi text
wsgi_file --wsgi-file --file text
callable --callable text application
mount --mount list
paste --paste --ini-paste text
pythonpath --pythonpath --python-path --pp list
chdir --chdir text
virtualenv -H --virtualenv --home --venv --pyhome text
processes=workers -p --processes --workers int 1
cheaper --cheaper int
threads --threads int
enable_threads -T --enable-threads flag
master -M --master flag
die_on_term --die-on-term flag
need_app --need-app attached
lazy_apps --lazy-apps flag
single_interpreter -i --single-interpreter flag
vacuum --vacuum flag
strict --strict flag
thunder_lock --thunder-lock flag
no_orphans --no-orphans flag
http_websockets --http-websockets flag
offload_threads --offload-threads int
harakiri=timeout -t --harakiri int
http_timeout --http-timeout int 60
worker_reload_mercy=graceful_timeout --worker-reload-mercy int 60
max_requests -R --max-requests int 0
buffer_size -b --buffer-size int 4096
listen=backlog -l --listen int 100
limit_post --limit-post int 0
log_maxsize --log-maxsize int
daemonize -d --daemonize text
uid --uid text
gid --gid text
umask --umask text
chmod_socket -C --chmod-socket --chmod attached
py_autoreload=reload --py-autoreload --py-auto-reload --python-autoreload --python-auto-reload int 0
disable_logging -L --disable-logging flag
logto --logto --logto2 text
env --env list
set_placeholder --set-placeholder --set-ph list
set -S --set list
plugins --plugin --plugins list
gevent --gevent int
asyncio --asyncio int
async --async int
static_map --static-map list
touch_reload --touch-reload list
stats --stats text
attach_daemon --attach-daemon list
mule --mule attached
flags {_UWSGI_FLAGS} flag
attached {_UWSGI_ATTACHED} attached
* text
"""

_MOD_WSGI_FLAGS = (
    "--http2 --ssl-environment --https-only --allow-localhost --enable-sendfile --disable-reloading "
    "--directory-listing --error-override --compress-responses --server-metrics --enable-telemetry "
    "--free-threading --server-status --startup-log --verbose-debugging --log-to-terminal --rotate-logs "
    "--chunked-request --with-php5 --with-cgi --orphan-interpreter --embedded-mode --enable-docs --debug-mode "
    "--enable-debugger --debugger-startup --enable-coverage --enable-profiler --enable-recorder --enable-gdb "
    "--setup-only --isatty"
)
_MOD_WSGI_PAIRS = (
    "--url-alias --error-document --proxy-mount-point --proxy-url-alias --proxy-virtual-host --setenv "
    "--add-handler --service-script --service-user --service-group --service-log-file"
)

MOD_WSGI = f"""
reload --reload-on-changes flag
access_log --access-log flag
application_type --application-type text script
host --host text
port --port int 8000
https_port --https-port int
processes=workers --processes int
threads --threads int 5
max_requests --maximum-requests int 0
shutdown_timeout --shutdown-timeout int 5
graceful_timeout --graceful-timeout int 15
request_timeout=timeout --request-timeout int 60
keep_alive_timeout=keep_alive --keep-alive-timeout int 2
callable_object=callable --callable-object text application
mount_point=root_path --mount-point text /
trust_proxy=forwarded_allow_ips --trust-proxy list
trust_proxy_headers=proxy_headers --trust-proxy-header list
python_path=pythonpath --python-path list
working_directory=chdir --working-directory text
user --user text
group --group text
log_level --log-level text warn
limit_request_body --limit-request-body int 10485760
flags {_MOD_WSGI_FLAGS} flag
pairs {_MOD_WSGI_PAIRS} pair
* text
"""
