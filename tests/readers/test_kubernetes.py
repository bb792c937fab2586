"""What Kubernetes manifests declare: commands, environment, ports, probes, and which files are read at all."""

import base64

import pytest
from manifests import declared, deployment

from prodlint.deployment.environment import Environment
from prodlint.deployment.process import ProbeKind, Process, Role, UnreadDeployment, VolumeKind
from prodlint.deployment.value import Bounded, Known, Unknown


def processes(files: dict[str, str]) -> dict[str, Process]:
    return {fact.name: fact for fact in declared(files) if isinstance(fact, Process)}


def environment_of(process: Process) -> dict[str, str | None]:
    return {one.name: None if one.value is None else str(one.value) for one in process.variables}


def test_command_replaces_the_entrypoint_and_args_the_command_of_the_image() -> None:
    found = processes(
        {
            "k8s/a.yaml": deployment("image: shop\ncommand: [gunicorn]\nargs: [shop.wsgi, -b, ':8000']", "a"),
            "k8s/b.yaml": deployment("image: shop\nargs: [web]", "b"),
            "k8s/c.yaml": deployment("image: shop\ncommand:\n- gunicorn\n- shop.wsgi", "c"),
        }
    )
    assert [str(one.entrypoint and one.entrypoint.written) for one in found.values()] == [
        "gunicorn",
        "None",
        "gunicorn shop.wsgi",
    ]
    assert [one.command and one.command.written for one in found.values()] == ["shop.wsgi -b :8000", "web", None]


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("$(PORT)", None),
        ("${PORT}", "${PORT}"),
        ("$PORT", "$PORT"),
        ("$(OTHER)", "$(OTHER)"),
        ("$$(PORT)", "$(PORT)"),
        ("a$$b", "a$b"),
        ("plain", "plain"),
    ],
)
def test_only_a_reference_to_a_variable_of_the_container_is_expanded(written: str, word: str | None) -> None:
    files = {"k8s/a.yaml": deployment(f"image: shop\nargs: ['{written}']\nenv:\n- {{name: PORT, value: '8000'}}")}
    command = processes(files)["shop"].command
    assert command is not None
    assert command.words[0].literal == word


def test_later_definitions_come_later_and_each_stands_where_it_is_written() -> None:
    files = {
        "k8s/web.yaml": deployment(
            "image: shop\n"
            "envFrom:\n- configMapRef: {name: shop}\n- secretRef: {name: keys}\n  prefix: S_\n"
            "- secretRef: {name: gone}\n"
            "env:\n- {name: DEBUG, value: '0'}\n"
            "- name: HOST\n  valueFrom:\n    configMapKeyRef: {name: shop, key: host}\n"
            "- name: POD_IP\n  valueFrom:\n    fieldRef: {fieldPath: status.podIP}\n"
        ),
        "k8s/config.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n"
            "data:\n  DEBUG: '1'\n  host: example.com\n  URL: ${URL}\n  bad key: x\n"
            "---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n"
            f"data:\n  KEY: {base64.b64encode(b'hush').decode()}\n  WHOLE: '!!'\nstringData:\n  TOKEN: t0ken\n"
        ),
    }
    process = processes(files)["shop"]
    assert environment_of(process) == {
        "DEBUG": "0",
        "host": "example.com",
        "URL": None,
        "S_KEY": "hush",
        "S_WHOLE": None,
        "S_TOKEN": "t0ken",
        "HOST": "example.com",
        "POD_IP": None,
    }
    assert [one.value and str(one.value) for one in process.variables if one.name == "DEBUG"] == ["1", "0"]
    assert {one.name for one in process.variables if one.is_secret} == {"S_KEY", "S_WHOLE", "S_TOKEN"}
    assert str(process.variables[0].span) == "k8s/config.yaml:5"
    assert [one.note for one in process.variables_from] == [
        "takes variables from gone, which is not in this repository"
    ]


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop%s}\ndata: {A: '1'}\n"


@pytest.mark.parametrize(
    ("namespace", "files", "note"),
    [
        ("", {}, "which is not in this repository"),
        ("", {"infra/c.yaml": CONFIG % ""}, "which k8s does not hold (infra/c.yaml:3 has one of that name)"),
        # Another namespace.
        (
            "shop",
            {"infra/c.yaml": CONFIG % ", namespace: blog"},
            "which k8s does not hold (infra/c.yaml:3 has one of that name)",
        ),
        # Two sets apply one to the same namespace.
        (
            "shop",
            {"a/c.yaml": CONFIG % ", namespace: shop", "b/c.yaml": CONFIG % ", namespace: shop"},
            "which k8s does not hold (a/c.yaml:3 has one of that name)",
        ),
        # What a kustomization brings has its namespace, and not the one that its file is without.
        (
            "shop",
            {"a/c.yaml": CONFIG % "", "a/kustomization.yaml": "namespace: blog\nresources: [c.yaml]\n"},
            "which k8s does not hold (a/c.yaml:3 has one of that name)",
        ),
    ],
)
def test_a_config_map_of_another_folder_is_told_where_it_is(namespace: str, files: dict[str, str], note: str) -> None:
    text = deployment("image: shop\nenvFrom:\n- configMapRef: {name: shop}")
    text = text.replace(
        "  name: shop\n", f"  name: shop\n  namespace: {namespace}\n" if namespace else "  name: shop\n"
    )
    process = processes({"k8s/web.yaml": text, **files})["shop"]
    assert process.variables == ()
    assert [one.note for one in process.variables_from] == [f"takes variables from shop, {note}"]


@pytest.mark.parametrize(
    "files",
    [
        {"infra/c.yaml": CONFIG % ", namespace: shop", "other/c.yaml": CONFIG % ", namespace: blog"},
        {"infra/c.yaml": CONFIG % "", "infra/kustomization.yaml": "namespace: shop\nresources: [c.yaml]\n"},
    ],
)
def test_a_config_map_that_another_set_applies_to_the_same_namespace_is_found(files: dict[str, str]) -> None:
    text = deployment("image: shop\nenvFrom:\n- configMapRef: {name: shop}")
    text = text.replace("  name: shop\n", "  name: shop\n  namespace: shop\n")
    process = processes({"k8s/web.yaml": text, **files})["shop"]
    assert environment_of(process) == {"A": "1"}
    assert process.variables_from == ()


def test_two_config_maps_of_one_name_are_not_guessed_between() -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {A: '1'}\n"
    process = processes(
        {
            "k8s/web.yaml": deployment("image: shop\nenvFrom:\n- configMapRef: {name: shop}"),
            "k8s/one.yaml": config,
            "k8s/two.yaml": config,
        }
    )["shop"]
    assert process.variables == ()
    assert process.variables_from


def test_ports_probes_and_services_are_joined_by_name() -> None:
    files = {
        "k8s/web.yaml": deployment(
            "image: shop\nports:\n- {name: http, containerPort: 8000}\n"
            "livenessProbe:\n  httpGet:\n    path: /live\n    port: http\n    httpHeaders:\n"
            "    - {name: Host, value: example.com}\n"
            "readinessProbe:\n  httpGet: {port: 8000, scheme: HTTPS}\n"
            "startupProbe:\n  exec: {command: [curl, localhost]}\n",
            more="  replicas: 3\n",
        ),
        "k8s/service.yaml": (
            "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n"
            "  selector: {app: shop}\n  ports:\n  - {port: 80, targetPort: http}\n  - port: 9000\n"
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec:\n"
            "  selector: {app: other}\n  ports:\n  - port: 81\n"
        ),
    }
    process = processes(files)["shop"]
    assert process.role is Role.WEB
    assert isinstance(process.replicas, Known)
    assert process.replicas.value == 3
    exposed = [
        (one.owner, getattr(one.port, "value", None), getattr(one.target, "value", None)) for one in process.exposures
    ]
    assert exposed == [("the Service shop", 80, 8000), ("the Service shop", 9000, 9000)]
    live, ready, start = process.probes
    assert (live.kind, getattr(live.path, "value", None), getattr(live.port, "value", None)) == (
        ProbeKind.LIVENESS,
        "/live",
        8000,
    )
    assert live.headers == (("Host", "example.com"),)
    assert (getattr(ready.path, "value", None), ready.scheme) == ("/", "https")
    assert start.command is not None
    assert start.command.written == "curl localhost"


@pytest.mark.parametrize(
    ("kind", "bounds", "least", "most"),
    [
        ("HorizontalPodAutoscaler", "minReplicas: 2\n  maxReplicas: 5", 2, 5),
        ("HorizontalPodAutoscaler", "maxReplicas: 5", 1, 5),
        ("ScaledObject", "maxReplicaCount: 3", 0, 3),
        ("ScaledObject", "minReplicaCount: 2", 2, None),
    ],
)
def test_an_autoscaler_bounds_the_number_of_replicas(kind: str, bounds: str, least: int, most: int | None) -> None:
    files = {
        "k8s/web.yaml": deployment("image: shop", more="  replicas: 3\n"),
        "k8s/hpa.yaml": (
            f"apiVersion: autoscaling/v2\nkind: {kind}\nmetadata: {{name: shop}}\n"
            f"spec:\n  scaleTargetRef: {{kind: Deployment, name: shop}}\n  {bounds}\n"
        ),
    }
    found = processes(files)["shop"].replicas
    assert isinstance(found, Bounded)
    assert (found.least, found.most) == (least, most)


AUTOSCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: shop}\n"
    "spec:\n  scaleTargetRef: {kind: Deployment, name: shop}\n  maxReplicas: 5\n"
)


@pytest.mark.parametrize(
    ("path", "text", "least"),
    [
        ("k8s/hpa/shop.yaml", AUTOSCALER, 1),
        ("k8s/hpa.yaml", AUTOSCALER, 1),
        ("k8s/hpa/shop.yaml", AUTOSCALER.replace("kind: Deployment", "kind: StatefulSet"), None),
        # It has its own beside it, or is nowhere near.
        ("k8s/hpa/shop.yaml", f"{AUTOSCALER}---\n{deployment('image: other')}", None),
        ("other/far/away/shop.yaml", AUTOSCALER, None),
        ("k8s/development/shop.yaml", AUTOSCALER, None),
    ],
)
def test_an_autoscaler_of_a_folder_beside_bounds_what_is_not_in_its_own(
    path: str, text: str, least: int | None
) -> None:
    found = processes({"k8s/web/web.yaml": deployment("image: shop", more="  replicas: 3\n"), path: text})
    replicas = found["shop"].replicas
    assert (replicas.least if isinstance(replicas, Bounded) else None) == least


@pytest.mark.parametrize(
    ("own", "value"), [("live", "1"), ("live-fwi", "2"), ("other", None)], ids=["called so", "its twin", "neither"]
)
def test_of_overlays_that_differ_the_one_is_meant_that_is_called_as_the_own(own: str, value: str | None) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {A: '%s'}\n"
    files = {"db/base/c.yaml": config % "0", "db/base/kustomization.yaml": "resources: [c.yaml]\n"}
    for name, held in (("live", "1"), ("live-fwi", "2")):
        files[f"db/overlays/{name}/patch.yaml"] = config % held
        files[f"db/overlays/{name}/kustomization.yaml"] = (
            "namespace: shop\nresources: [../../base]\npatches: [{path: patch.yaml}]\n"
        )
    text = deployment("image: shop\nenvFrom:\n- configMapRef: {name: settings}")
    files |= {"web/base/web.yaml": text, "web/base/kustomization.yaml": "resources: [web.yaml]\n"}
    files[f"web/overlays/{own}/kustomization.yaml"] = "namespace: shop\nresources: [../../base]\n"
    process = processes(files)["shop"]
    assert environment_of(process) == ({} if value is None else {"A": value})
    assert bool(process.variables_from) is (value is None)


def test_an_autoscaler_of_the_same_namespace_bounds_what_is_far_from_it() -> None:
    text = deployment("image: shop").replace("metadata:", "metadata: {name: shop, namespace: live}\nx:", 1)
    scaler = AUTOSCALER.replace("{name: shop}\nspec", "{name: shop, namespace: live}\nspec")
    replicas = processes({"a/b/c/web.yaml": text, "x/hpa.yaml": scaler})["shop"].replicas
    assert isinstance(replicas, Bounded)
    assert replicas.reason == "the HorizontalPodAutoscaler shop decides how many run"


def test_volumes_user_and_settings_are_read() -> None:
    text = deployment(
        "image: shop\nworkingDir: /srv\nsecurityContext: {runAsUser: 1000}\n"
        "resources: {limits: {memory: 512Mi}}\n"
        "volumeMounts:\n- {name: media, mountPath: /srv/media}\n- {name: tmp, mountPath: /tmp}\n"
        "- {name: settings, mountPath: /etc/shop, readOnly: true}"
    )
    text += (
        "      terminationGracePeriodSeconds: 60\n"
        "      volumes:\n      - name: media\n        persistentVolumeClaim: {claimName: media}\n"
        "      - {name: tmp, emptyDir: {}}\n"
    )
    process = processes({"k8s/web.yaml": text})["shop"]
    assert process.directory == "/srv"
    assert isinstance(process.user, Known)
    assert process.user.value == "1000"
    assert [(one.target, one.kind, one.read_only) for one in process.volumes] == [
        ("/srv/media", VolumeKind.PERSISTENT, False),
        ("/tmp", VolumeKind.EPHEMERAL, False),
        ("/etc/shop", VolumeKind.UNKNOWN, True),
    ]
    settings = {one.name: getattr(one.value, "value", None) for one in process.settings}
    assert settings["terminationGracePeriodSeconds"] == "60"
    assert settings["resources.limits.memory"] == "512Mi"
    assert process.setting("strategy.type") is None


def test_init_containers_jobs_and_cron_jobs_have_their_roles() -> None:
    pod = (
        "spec:\n          restartPolicy: Never\n          containers:\n"
        "          - {name: run, image: shop, args: [x]}\n"
    )
    files = {
        "k8s/web.yaml": deployment("image: shop\nports: [{containerPort: 8000}]")
        + "      initContainers:\n      - {name: migrate, image: shop, args: [migrate]}\n"
        + "      - {name: logs, image: fluentd, restartPolicy: Always}\n",
        "k8s/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    "
        + pod.replace("          ", "      "),
        "k8s/cron.yaml": "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: clean}\nspec:\n  schedule: '@daily'\n"
        "  jobTemplate:\n    spec:\n      template:\n        " + pod,
    }
    found = processes(files)
    assert {name: one.role for name, one in found.items()} == {
        "shop": Role.WEB,
        "shop/migrate": Role.RELEASE,
        "shop/logs": Role.UNKNOWN,
        "migrate": Role.RELEASE,
        "clean": Role.WORKER,
    }
    schedule = found["clean"].schedule
    assert isinstance(schedule, Known)
    assert schedule.value == "@daily"


def test_lists_and_several_documents_are_read_and_other_kinds_are_passed_over() -> None:
    inner = "\n".join(f"  {line}" for line in deployment("image: shop", "inner").splitlines())
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- " + inner.lstrip() + "\n---\n---\n"
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n"
        "spec: {template: {spec: {containers: [{name: y}]}}}\n"
        "---\n" + deployment("image: shop", "outer")
    )
    assert set(processes({"k8s/all.yaml": text})) == {"inner", "outer"}


@pytest.mark.parametrize(
    ("path", "more", "environment"),
    [
        ("k8s/web.yaml", "", None),
        ("k8s/production/web.yaml", "", Environment.PRODUCTION),
        ("k8s/web.yaml", "  labels: {environment: staging}\n", Environment.PRODUCTION),
        ("k8s/web.yaml", "  namespace: shop-dev\n", Environment.DEVELOPMENT),
        ("k8s/minikube/web.yaml", "  namespace: shop-prod\n", Environment.DEVELOPMENT),
    ],
)
def test_path_label_and_namespace_say_where_it_runs(path: str, more: str, environment: Environment | None) -> None:
    text = deployment("image: shop").replace("  name: shop\n", f"  name: shop\n{more}")
    assert processes({path: text})["shop"].environment is environment


def test_charts_of_charts_cookiecutters_and_templates_yield_no_process() -> None:
    templated = deployment("image: {{ .Values.image }}\n{{- if .Values.x }}\ncommand: [gunicorn]\n{{- end }}")
    facts = declared(
        {
            "chart/Chart.yaml": "name: shop\n",
            "chart/charts/db/templates/db.yaml": deployment("image: postgres"),
            "{{cookiecutter.name}}/k8s/web.yaml": deployment("image: shop"),
            "deploy/web.yaml": templated,
        }
    )
    assert [fact for fact in facts if isinstance(fact, Process)] == []
    unread = {(fact.system, fact.span.path) for fact in facts if isinstance(fact, UnreadDeployment)}
    assert unread == {("a Helm chart", "chart/Chart.yaml"), ("a template of Kubernetes manifests", "deploy/web.yaml")}


def test_a_file_in_shell_placeholders_is_read_and_its_placeholders_are_unknown() -> None:
    text = deployment("image: ${REGISTRY}/shop:${TAG}\nenv:\n- {name: A, value: '${A}'}", more="  replicas: ${N}\n")
    process = processes({"k8s/web.yaml": text})["shop"]
    assert isinstance(process.replicas, Unknown)
    assert environment_of(process) == {"A": None}


@pytest.mark.parametrize(
    ("kind", "version", "system"),
    [
        ("Application", "argoproj.io/v1alpha1", "an Argo CD application"),
        ("HelmRelease", "helm.toolkit.fluxcd.io/v2", "a Flux Helm release"),
        ("Kustomization", "kustomize.toolkit.fluxcd.io/v1", "a Flux kustomization"),
        ("Workflow", "argoproj.io/v1alpha1", "an Argo workflow"),
    ],
)
def test_what_deploys_from_elsewhere_is_named_as_not_read(kind: str, version: str, system: str) -> None:
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: shop}}\nspec: {{}}\n"
    facts = declared({"cluster/shop.yaml": text})
    assert [fact.system for fact in facts if isinstance(fact, UnreadDeployment)] == [system]
