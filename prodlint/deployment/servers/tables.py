"""The options of every server that prodlint knows, as text: what takes a value, and what holds without it.

Taken from the programs themselves (gunicorn 27.0.1, uvicorn 0.54.0, granian 2.8.9, Hypercorn 0.18.0, daphne 4.2.3,
waitress 3.0.2, uWSGI 2.0.30, mod_wsgi 6.1.1, Flask 3.1.3, Django 5.2.19, fastapi-cli 0.0.34, Sanic 25.12.1,
Litestar 2.25.0). The form of a line: `commands.grammar`.
"""

from __future__ import annotations

GUNICORN = """
config -c --config text
wsgi_app text
bind -b --bind list 127.0.0.1:8000
backlog --backlog int 2048
workers -w --workers int 1
worker_class -k --worker-class text sync
threads --threads int 1
worker_connections --worker-connections int 1000
max_requests --max-requests int 0
max_requests_jitter --max-requests-jitter int 0
timeout -t --timeout int 30
graceful_timeout --graceful-timeout int 30
keepalive=keep_alive --keep-alive int 2
limit_request_line --limit-request-line int 4094
limit_request_fields --limit-request-fields int 100
limit_request_field_size --limit-request-field_size int 8190
reload --reload flag
reload_engine --reload-engine text auto
reload_extra_files --reload-extra-file list
spew --spew flag
check_config --check-config flag
print_config --print-config flag
preload_app=preload --preload flag
sendfile --no-sendfile off
reuse_port --reuse-port flag
chdir --chdir text
daemon -D --daemon flag
raw_env=env -e --env list
pidfile -p --pid text
worker_tmp_dir --worker-tmp-dir text
user -u --user text
group -g --group text
umask -m --umask int 0
initgroups --initgroups flag
tmp_upload_dir text
forwarded_allow_ips --forwarded-allow-ips text 127.0.0.1,::1
accesslog=access_log --access-logfile text
disable_redirect_access_to_syslog --disable-redirect-access-to-syslog flag
access_log_format --access-logformat text
errorlog=error_log --error-logfile --log-file text -
loglevel=log_level --log-level text info
capture_output --capture-output flag
logger_class --logger-class text
logconfig=log_config --log-config text
logconfig_json --log-config-json text
syslog_addr --log-syslog-to text udp://localhost:514
syslog --log-syslog flag
syslog_prefix --log-syslog-prefix text
syslog_facility --log-syslog-facility text user
enable_stdio_inheritance -R --enable-stdio-inheritance flag
statsd_host --statsd-host text
dogstatsd_tags --dogstatsd-tags text
statsd_prefix --statsd-prefix text
enable_backlog_metric --enable-backlog-metric flag
proc_name -n --name text
pythonpath --pythonpath text
paste --paste --paster text
proxy_protocol --proxy-protocol optional:auto|off|v1|v2 off
proxy_allow_ips --proxy-allow-from text 127.0.0.1,::1
protocol --protocol text http
uwsgi_allow_ips --uwsgi-allow-from text 127.0.0.1,::1
keyfile --keyfile text
certfile --certfile text
ssl_version --ssl-version text
cert_reqs --cert-reqs int 0
ca_certs --ca-certs text
suppress_ragged_eofs --suppress-ragged-eofs flag true
do_handshake_on_connect --do-handshake-on-connect flag
ciphers --ciphers text
http_protocols --http-protocols text h1
http2_cleartext --http2-cleartext text off
http2_max_concurrent_streams --http2-max-concurrent-streams int 100
http2_initial_window_size --http2-initial-window-size int 65535
http2_max_frame_size --http2-max-frame-size int 16384
http2_max_header_list_size --http2-max-header-list-size int 65536
raw_paste_global_conf --paste-global list
permit_obsolete_folding --permit-obsolete-folding flag
strip_header_spaces --strip-header-spaces flag
permit_unconventional_http_method --permit-unconventional-http-method flag
permit_unconventional_http_version --permit-unconventional-http-version flag
casefold_http_method --casefold-http-method flag
forwarder_headers --forwarder-headers text SCRIPT_NAME,PATH_INFO
header_map --header-map text drop
asgi_loop --asgi-loop text auto
asgi_lifespan --asgi-lifespan text auto
asgi_disconnect_grace_period --asgi-disconnect-grace-period int 3
websocket_max_message_size --websocket-max-message-size int 16777216
http_parser --http-parser text auto
root_path --root-path text
dirty_apps --dirty-app list
dirty_workers --dirty-workers int 0
dirty_timeout --dirty-timeout int 300
dirty_threads --dirty-threads int 1
dirty_graceful_timeout --dirty-graceful-timeout int 30
control_socket --control-socket text
control_socket_mode --control-socket-mode int 384
control_socket_disable --no-control-socket flag
secure_scheme_headers object
logconfig_dict object
help -h --help flag
version -v --version flag
"""

UVICORN = """
host --host text 127.0.0.1
port --port int 8000
uds --uds text
fd --fd int
reload --reload flag
reload_dirs --reload-dir list
reload_includes --reload-include list
reload_excludes --reload-exclude list
reload_delay --reload-delay float 0.25
workers --workers int
loop --loop text auto
http --http text auto
http2 --http2 flag
ws --ws text auto
ws_max_size --ws-max-size int 16777216
ws_max_queue --ws-max-queue int 32
ws_ping_interval --ws-ping-interval float 20.0
ws_ping_timeout --ws-ping-timeout float 20.0
ws_per_message_deflate --ws-per-message-deflate bool true
lifespan --lifespan text auto
interface --interface text auto
env_file --env-file text
log_config --log-config text
log_level --log-level text
access_log --access-log/--no-access-log switch true
use_colors --use-colors/--no-use-colors switch none
proxy_headers --proxy-headers/--no-proxy-headers switch true
server_header --server-header/--no-server-header switch true
date_header --date-header/--no-date-header switch true
forwarded_allow_ips --forwarded-allow-ips text
root_path --root-path text
limit_concurrency --limit-concurrency int
backlog --backlog int 2048
limit_max_requests=max_requests --limit-max-requests int
limit_max_requests_jitter=max_requests_jitter --limit-max-requests-jitter int 0
timeout_keep_alive=keep_alive --timeout-keep-alive int 5
timeout_graceful_shutdown=graceful_timeout --timeout-graceful-shutdown int
timeout_worker_healthcheck --timeout-worker-healthcheck int 5
ssl_keyfile=keyfile --ssl-keyfile text
ssl_certfile=certfile --ssl-certfile text
ssl_keyfile_password --ssl-keyfile-password text
ssl_version --ssl-version int
ssl_cert_reqs --ssl-cert-reqs int 0
ssl_ca_certs --ssl-ca-certs text
ssl_ciphers --ssl-ciphers text
headers --header list
version --version flag
app_dir --app-dir text
h11_max_incomplete_event_size --h11-max-incomplete-event-size int
reset_contextvars --reset-contextvars flag
factory --factory flag
help --help flag
"""

HYPERCORN = """
access_log --access-log text
accesslog=access_log --access-logfile text
access_log_format --access-logformat text
backlog --backlog int 100
bind -b --bind list 127.0.0.1:8000
ca_certs --ca-certs text
certfile --certfile text
cert_reqs --cert-reqs int
ciphers --ciphers text ECDHE+AESGCM
config -c --config text
daemon -D --daemon flag
debug --debug flag
error_log --error-log text
errorlog=error_log --error-logfile --log-file text -
graceful_timeout --graceful-timeout int 3
read_timeout --read-timeout int
max_requests --max-requests int
max_requests_jitter --max-requests-jitter int 0
group -g --group int
worker_class -k --worker-class text asyncio
keep_alive_timeout=keep_alive --keep-alive int 5
keyfile --keyfile text
keyfile_password --keyfile-password text
insecure_bind --insecure-bind list
logconfig=log_config --log-config text
loglevel=log_level --log-level text INFO
pid_path -p --pid text
quic_bind --quic-bind list
use_reloader=reload --reload flag
root_path --root-path text
server_names --server-name list
statsd_host --statsd-host text
statsd_prefix --statsd-prefix text
umask -m --umask int
user -u --user int
verify_mode --verify-mode text
websocket_ping_interval --websocket-ping-interval int
workers -w --workers int 1
shutdown_timeout int 60
startup_timeout int 60
help -h --help flag
"""

DAPHNE = """
port -p --port int
host -b --bind text
websocket_timeout --websocket_timeout int 86400
websocket_connect_timeout --websocket_connect_timeout int 5
unix_socket=uds -u --unix-socket text
file_descriptor=fd --fd int
socket_strings=endpoint -e --endpoint list
verbosity -v --verbosity int 1
http_timeout=timeout -t --http-timeout int
access_log --access-log text
log_fmt --log-fmt text
ping_interval --ping-interval int 20
ping_timeout --ping-timeout int 30
websocket_max_message_size --websocket-max-message-size int 1048576
websocket_max_frame_size --websocket-max-frame-size int 1048576
application_close_timeout --application-close-timeout int 10
root_path --root-path text
proxy_headers --proxy-headers flag
proxy_headers_host --proxy-headers-host text
proxy_headers_port --proxy-headers-port text
server_name -s --server-name text daphne
no_server_name --no-server-name flag
help -h --help flag
"""

GRANIAN = """
host --host text 127.0.0.1
port --port int 8000
uds --uds text
uds_permissions --uds-permissions int
interface --interface text rsgi
http --http text auto
websockets --ws/--no-ws switch true
workers --workers int 1
blocking_threads --blocking-threads int
blocking_threads_idle_timeout --blocking-threads-idle-timeout duration 30
runtime_threads --runtime-threads int 1
runtime_blocking_threads --runtime-blocking-threads int
runtime_mode --runtime-mode text auto
loop --loop text auto
task_impl --task-impl text asyncio
backlog --backlog int 1024
backpressure --backpressure int
http1_buffer_size --http1-buffer-size int 417792
http1_header_read_timeout --http1-header-read-timeout int 30000
http1_keep_alive --http1-keep-alive/--no-http1-keep-alive switch true
http1_pipeline_flush --http1-pipeline-flush/--no-http1-pipeline-flush switch
http2_adaptive_window --http2-adaptive-window/--no-http2-adaptive-window switch
http2_initial_connection_window_size --http2-initial-connection-window-size int 1048576
http2_initial_stream_window_size --http2-initial-stream-window-size int 1048576
http2_keep_alive_interval --http2-keep-alive-interval int
http2_keep_alive_timeout --http2-keep-alive-timeout duration 20
http2_max_concurrent_streams --http2-max-concurrent-streams int 200
http2_max_frame_size --http2-max-frame-size int 16384
http2_max_headers_size --http2-max-headers-size int 16777216
http2_max_send_buffer_size --http2-max-send-buffer-size int 409600
log_enabled --log/--no-log switch true
log_level --log-level text info
log_config --log-config text
log_access_enabled=access_log --access-log/--no-access-log switch
log_access_fmt --access-log-fmt text
ssl_certificate=certfile --ssl-certificate text
ssl_keyfile=keyfile --ssl-keyfile text
ssl_keyfile_password --ssl-keyfile-password text
ssl_protocol_min --ssl-protocol-min text tls1.3
ssl_ca --ssl-ca text
ssl_crl --ssl-crl list
ssl_client_verify --ssl-client-verify/--no-ssl-client-verify switch
url_path_prefix=root_path --url-path-prefix text
respawn_failed_workers --respawn-failed-workers/--no-respawn-failed-workers switch
respawn_interval --respawn-interval float 3.5
rss_sample_interval --rss-sample-interval duration 30
rss_samples --rss-samples int 1
workers_lifetime --workers-lifetime duration
workers_max_rss --workers-max-rss int
workers_kill_timeout=graceful_timeout --workers-kill-timeout duration
factory --factory/--no-factory switch
working_dir=chdir --working-dir text
env_files --env-files list
static_path_route --static-path-route list
static_path_mount --static-path-mount list
static_path_dir_to_file --static-path-dir-to-file text
static_path_expires --static-path-expires duration 86400
metrics_enabled --metrics/--no-metrics switch
metrics_scrape_interval --metrics-scrape-interval duration 15
metrics_address --metrics-address text 127.0.0.1
metrics_port --metrics-port int 9090
reload --reload/--no-reload switch
reload_paths --reload-paths list
reload_ignore_dirs --reload-ignore-dirs list
reload_ignore_patterns --reload-ignore-patterns list
reload_ignore_paths --reload-ignore-paths list
reload_tick --reload-tick int 50
reload_ignore_worker_failure --reload-ignore-worker-failure/--no-reload-ignore-worker-failure switch
process_name --process-name text
pid_file --pid-file text
version --version flag
help --help flag
"""

WAITRESS = """
help --help flag
call=factory --call flag
host --host text
port --port int
ipv4 --ipv4/--no-ipv4 switch true
ipv6 --ipv6/--no-ipv6 switch true
listen --listen list
threads --threads int 4
trusted_proxy=forwarded_allow_ips --trusted-proxy text
trusted_proxy_count --trusted-proxy-count int
trusted_proxy_headers=proxy_headers --trusted-proxy-headers text
log_untrusted_proxy_headers --log-untrusted-proxy-headers/--no-log-untrusted-proxy-headers switch
clear_untrusted_proxy_headers --clear-untrusted-proxy-headers/--no-clear-untrusted-proxy-headers switch true
url_scheme --url-scheme text http
url_prefix=root_path --url-prefix text
backlog --backlog int 1024
recv_bytes --recv-bytes int 8192
send_bytes --send-bytes int 1
outbuf_overflow --outbuf-overflow int 1048576
outbuf_high_watermark --outbuf-high-watermark int 16777216
inbuf_overflow --inbuf-overflow int 524288
connection_limit --connection-limit int 100
cleanup_interval --cleanup-interval int 30
channel_timeout --channel-timeout int 120
log_socket_errors --log-socket-errors/--no-log-socket-errors switch true
max_request_header_size --max-request-header-size int 262144
max_request_body_size --max-request-body-size int 1073741824
expose_tracebacks --expose-tracebacks/--no-expose-tracebacks switch
ident --ident text waitress
asyncore_loop_timeout --asyncore-loop-timeout int 1
asyncore_use_poll --asyncore-use-poll/--no-asyncore-use-poll switch
unix_socket=uds --unix-socket text
unix_socket_perms --unix-socket-perms text
sockets --sockets text
channel_request_lookahead --channel-request-lookahead int 0
server_name --server-name text waitress.invalid
"""
