"""The options of programs that work off queues and schedules, as text (the form of a line: `commands.grammar`).

Taken from the programs themselves: Celery 5.7.0, rq 3.0.0, arq 0.28.0, dramatiq 2.2.1, huey 3.5.4, taskiq 0.13.0.
"""

from __future__ import annotations

CELERY_GROUP = """
app -A --app text
broker -b --broker text
result_backend --result-backend text
loader --loader text
config --config text
workdir --workdir text
no_color -C --no-color flag
quiet -q --quiet flag
version --version flag
skip_checks --skip-checks flag
help --help flag
"""

CELERY_WORKER = """
hostname -n --hostname text
detach -D --detach flag
statedb -S --statedb text
loglevel -l --loglevel text WARNING
optimization -O --optimization text default
prefetch_multiplier --prefetch-multiplier int
disable_prefetch --disable-prefetch flag
concurrency -c --concurrency text
pool -P --pool text prefork
task_events -E --task-events --events flag
time_limit --time-limit float
soft_time_limit --soft-time-limit float
max_tasks_per_child --max-tasks-per-child int
pool_start_method --pool-start-method text
max_memory_per_child --max-memory-per-child int
purge --purge --discard flag
queues --queues -Q text
exclude_queues --exclude-queues -X text
include --include -I text
without_gossip --without-gossip flag
without_mingle --without-mingle flag
without_heartbeat --without-heartbeat flag
heartbeat_interval --heartbeat-interval int
autoscale --autoscale text
beat -B --beat flag
schedule_filename -s --schedule-filename --schedule text
scheduler --scheduler text
logfile --logfile -f text
pidfile --pidfile text
uid --uid text
gid --gid text
umask --umask text
executable --executable text
help --help flag
"""

CELERY_BEAT = """
detach --detach flag
schedule -s --schedule text
scheduler -S --scheduler text
max_interval --max-interval int
remote_control --enable-remote-control/--no-enable-remote-control switch
hostname -n --hostname text
loglevel -l --loglevel text WARNING
logfile --logfile -f text
pidfile --pidfile text
uid --uid text
gid --gid text
umask --umask text
executable --executable text
help --help flag
"""

RQ = """
burst --burst -b flag
logging_level --logging_level text
log_format --log-format text
date_format --date-format text
name --name -n text
results_ttl --results-ttl int 500
worker_ttl --worker-ttl int 420
maintenance_interval --maintenance-interval int 600
job_monitoring_interval --job-monitoring-interval int 30
disable_job_desc_logging --disable-job-desc-logging flag
verbose --verbose -v flag
quiet --quiet -q flag
exception_handler --exception-handler list
pid --pid text
disable_default_exception_handler --disable-default-exception-handler -d flag
max_jobs --max-jobs int
max_idle_time --max-idle-time int
with_scheduler --with-scheduler -s flag
dequeue_strategy --dequeue-strategy -ds text default
serializer --serializer -S text rq.serializers.DefaultSerializer
path --path -P list .
connection_class --connection-class text redis.Redis
queue_class --queue-class text rq.Queue
job_class --job-class -j text rq.job.Job
worker_class --worker-class -w text rq.Worker
config --config -c text
url --url -u text
help --help flag
"""

ARQ = """
version -V --version flag
burst --burst/--no-burst switch
check --check flag
watch --watch text
verbose -v --verbose flag
custom_log_dict --custom-log-dict text
help --help flag
"""

DRAMATIQ = """
processes=workers --processes -p int
threads --threads -t int 8
path --path -P many
queues --queues -Q many
pid_file --pid-file text
log_file --log-file text
skip_logging --skip-logging flag
use_spawn --use-spawn flag
forks --fork-function -f list
worker_fork_timeout --worker-fork-timeout int
worker_shutdown_timeout=graceful_timeout --worker-shutdown-timeout int
watch=reload --watch text
watch_use_polling --watch-use-polling flag
include_patterns -i --watch-include list
exclude_patterns -x --watch-exclude list
version --version flag
verbose --verbose -v count
help -h --help flag
"""

HUEY = """
logfile -l --logfile text
verbose -v --verbose flag
quiet -q --quiet flag
simple -S --simple flag
workers -w --workers int 1
worker_type=worker_class -k --worker-type text thread
delay -d --delay float 0.1
max_delay -m --max-delay float 10
backoff -b --backoff float 1.15
health_check_interval -c --health-check-interval float 10
disable_health_check -C --disable-health-check flag
flush_locks -f --flush-locks flag
extra_locks -L --extra-locks text
max_tasks -M --max-tasks int
shutdown_timeout=graceful_timeout -t --shutdown-timeout float
graceful_signal -g --graceful-signal text INT
scheduler_interval -s --scheduler-interval int 1
no_periodic -n --no-periodic flag
help -h --help flag
"""

TASKIQ = """
app_dir --app-dir -d text
receiver --receiver text
receiver_arg --receiver_arg list
tasks_pattern --tasks-pattern -tp list
fs_discover --fs-discover -fsd flag
log_level --log-level text INFO
log_format --log-format text
workers --workers -w int 2
no_parse --no-parse flag
no_propagate_errors --no-propagate-errors flag
max_threadpool_threads --max-threadpool-threads int
shutdown_timeout=graceful_timeout --shutdown-timeout float 5
reload --reload -r flag
reload_dirs --reload-dir list
no_gitignore --do-not-use-gitignore flag
max_async_tasks --max-async-tasks int 100
max_async_tasks_jitter --max-async-tasks-jitter int
max_prefetch --max-prefetch int
no_configure_logging --no-configure-logging flag
max_fails --max-fails int
ack_type --ack-type text
max_tasks_per_child --max-tasks-per-child int
wait_tasks_timeout --wait-tasks-timeout float
hardkill_count --hardkill-count int
use_process_pool --use-process-pool flag
max_process_pool_processes --max-process-pool-processes int
skip_first_run --skip-first-run flag
update_interval --update-interval int
version --version -v flag
help -h --help flag
"""
