"""Runs one job of Millwright on another machine: fetches its files, makes its environment, runs the program, hands back what it left.

Needs Python 3.8 and nothing else. MILLWRIGHT_JOB_URL and MILLWRIGHT_JOB_TOKEN say where and as whom; the program sees neither. Exit
codes: the program's own; 75 when the files could not be fetched or handed over, which another attempt may mend.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

URL = os.environ.pop("MILLWRIGHT_JOB_URL")
TOKEN = os.environ.pop("MILLWRIGHT_JOB_TOKEN")
TEMPORARY = 75
TIMED_OUT = 124
PATIENCE_S = 300
BLOCK = 1 << 20
RESULTS = ("model.onnx", "metrics.json")


def give_up(why):
    print("millwright: %s" % why, file=sys.stderr, flush=True)
    sys.exit(TEMPORARY)


def call(method, path, body=None, headers=None):
    """Opens an answer; a file as body is sent anew with each attempt. Refusals (4xx) are not tried again."""
    until, pause = time.monotonic() + PATIENCE_S, 0.5
    while True:
        try:
            data = open(body, "rb") if body else None
            request = urllib.request.Request(URL + path, data=data, method=method)
            request.add_header("Authorization", "Bearer " + TOKEN)
            for name, value in (headers or {}).items():
                request.add_header(name, value)
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            why = "%s %s: %d %s" % (method, path, error.code, error.read(2000).decode("utf-8", "replace"))
            if error.code < 500 and error.code != 429:
                give_up(why)
        except OSError as error:
            why = "%s %s: %s" % (method, URL + path, error)
        if time.monotonic() > until:
            give_up(why)
        time.sleep(pause)
        pause = min(pause * 2, 10)


def fetch(name, digest, to):
    os.makedirs(os.path.dirname(to), exist_ok=True)
    for attempt in range(5):
        sha = hashlib.sha256()
        try:
            with call("GET", "/files/" + urllib.request.quote(name)) as answer, open(to, "wb") as out:
                for block in iter(lambda: answer.read(BLOCK), b""):
                    sha.update(block)
                    out.write(block)
        except OSError as error:
            print("millwright: %s: %s" % (name, error), file=sys.stderr, flush=True)
        if "sha256:" + sha.hexdigest() == digest:
            return
        time.sleep(attempt)
    give_up("%s did not arrive whole in five attempts" % name)


def hand_over(name, path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            sha.update(block)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(os.path.getsize(path)),
        "X-Millwright-Digest": "sha256:" + sha.hexdigest(),
    }
    call("PUT", "/results/" + name, body=path, headers=headers).close()


def environment(requirements, python):
    """A virtual environment over what the machine has, made once for its list and interpreter: there wholly or not at all."""
    version = subprocess.check_output([python, "--version"], text=True).strip()
    with open(requirements, "rb") as file:
        key = hashlib.sha256(("%s\n%s\n" % (python, version)).encode() + file.read()).hexdigest()[:20]
    root = os.environ.get("MILLWRIGHT_ENVIRONMENTS")
    root = root or os.path.join(os.path.expanduser("~"), ".cache", "millwright", "environments")
    try:
        os.makedirs(root, exist_ok=True)
    except OSError:
        root = tempfile.mkdtemp(prefix="millwright-environments-")
    link = os.path.join(root, key)
    if os.path.exists(os.path.join(link, "complete")):
        return os.path.join(link, "bin")
    home = tempfile.mkdtemp(prefix="made-", dir=root)
    print("millwright: making the environment of %s" % os.path.basename(requirements), flush=True)
    try:
        subprocess.check_call([python, "-m", "venv", "--system-site-packages", home])
        inside = os.path.join(home, "bin", "python")
        # Where `python` is itself that of an environment, a new one stands on the system below it, not on it.
        below, own = (subprocess.check_output([one, "-c", PACKAGES], text=True).strip() for one in (python, inside))
        with open(os.path.join(own, "below.pth"), "w") as out:
            out.write(below + "\n")
        pip = [inside, "-m", "pip", "install", "--quiet", "-r", requirements]
        subprocess.check_call(pip, env=dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1"))
        open(os.path.join(home, "complete"), "w").close()
        os.symlink(home, home + ".link")
        os.replace(home + ".link", link)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return os.path.join(link, "bin")


PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
ABOUT = (
    "import json, platform, importlib.metadata as m; print(json.dumps({'interpreter': 'Python ' + platform.python_version(),"
    " 'packages': sorted({d.metadata['Name'] + '==' + d.version for d in m.distributions() if d.metadata['Name']})}))"
)


def run(program, work, project, timeout_s):
    variables = dict(
        os.environ,
        PYTHONUNBUFFERED="1",
        MILLWRIGHT_ROWS=os.path.join(work, "rows.parquet"),
        MILLWRIGHT_TASK=os.path.join(work, "task.json"),
        MILLWRIGHT_MODEL=os.path.join(work, "model.onnx"),
        MILLWRIGHT_METRICS=os.path.join(work, "metrics.json"),
    )
    python = program.get("python") or "python3"
    if program.get("requirements"):
        try:
            bin = environment(os.path.join(project, program["requirements"]), python)
        except (OSError, subprocess.CalledProcessError) as error:
            print("millwright: the environment cannot be made: %s" % error, file=sys.stderr, flush=True)
            sys.exit(1)
        variables.update(VIRTUAL_ENV=os.path.dirname(bin), PATH=bin + os.pathsep + os.environ.get("PATH", ""))
    command = list(program["command"])
    if not shutil.which(command[0], path=variables.get("PATH")) and command[0] == "python":
        command[0] = python
    began = time.monotonic()
    try:
        child = subprocess.Popen(command, cwd=project, env=variables, start_new_session=True)
    except OSError as error:
        print("millwright: '%s' cannot be run here: %s" % (command[0], error), file=sys.stderr, flush=True)
        sys.exit(127)

    asked = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: asked.append(number))
    while child.poll() is None and not asked and time.monotonic() - began < timeout_s:
        time.sleep(0.1)
    late = child.poll() is None and not asked
    for sign, wait in ((signal.SIGTERM, 5), (signal.SIGKILL, None)):
        try:
            os.killpg(child.pid, sign)
            child.wait(wait)
        except (ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
            pass
    if asked:
        sys.exit(128 + asked[0])
    if late:
        print("millwright: it took longer than %g s and was ended" % timeout_s, file=sys.stderr, flush=True)
        sys.exit(TIMED_OUT)
    code = child.wait()
    about = {"seconds": time.monotonic() - began}
    try:
        interpreter = shutil.which("python", path=variables.get("PATH")) or python
        about.update(json.loads(subprocess.check_output([interpreter, "-c", ABOUT], env=variables)))
    except (OSError, ValueError, subprocess.CalledProcessError):
        about["packages"] = []
    with open(os.path.join(work, "about.json"), "w") as out:
        json.dump(about, out)
    return code if code >= 0 else 128 - code


def main():
    with call("GET", "") as answer:
        job = json.load(answer)
    work = tempfile.mkdtemp(prefix="millwright-job-")
    try:
        for file in job["files"]:
            fetch(file["name"], file["digest"], os.path.join(work, file["name"]))
        project = os.path.join(work, "project")
        os.makedirs(project, exist_ok=True)
        code = run(job["program"], work, project, job["timeoutMs"] / 1000)
        if code == 0:
            for name in RESULTS + ("about.json",):
                path = os.path.join(work, name)
                if os.path.isfile(path):
                    hand_over(name, path)
        return code
    finally:
        shutil.rmtree(work, ignore_errors=True)


sys.exit(main())
