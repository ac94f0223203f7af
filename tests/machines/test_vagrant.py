"""The Vagrantfile as Vagrant reads it, what sets machines up, and Lima's template."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
SCRIPTS = [HERE / name for name in ("vagrant/run.sh", "vagrant/validate.sh", "vagrant/provision.sh", "box/inside.sh")]

# Stands for Vagrant: takes every setting, and writes down what a provider was told after all the others.
RECORDER = """
require "json"
class Recorder
  attr_reader :said
  def initialize = @said = {}
  def [](name) = @said[name]
  def []=(name, value)
    @said[name] = value
  end
  def method_missing(name, *arguments, **options)
    key = name.to_s
    return @said[key.chomp("=")] = arguments[0] if key.end_with?("=")
    if key == "provider"
      yield(recorder(arguments[0]), $config) if arguments[0] == ARGV[1]
    elsif arguments.empty?
      recorder(key)
    else
      @said[key] = [*arguments, options]
    end
  end
  def respond_to_missing?(*) = true
  def recorder(key) = @said[key] ||= Recorder.new
  def to_json(*arguments) = @said.to_json(*arguments)
end
module Vagrant
  def self.configure(_)
    $config = Recorder.new
    yield $config
    puts $config.to_json
  end
end
load ARGV[0]
"""

needs_ruby = pytest.mark.skipif(shutil.which("ruby") is None, reason="there is no ruby")
needs_vagrant = pytest.mark.skipif(shutil.which("vagrant") is None, reason="there is no vagrant")


def clean(**more: str) -> dict[str, str]:
    """Our environment without what steers the Vagrantfile."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TUTOR_", "VAGRANT_"))}
    return {**kept, **more}


def read(provider: str, **environment: str) -> dict[str, Any]:
    """What the Vagrantfile says about the machine, with one provider."""
    done = subprocess.run(
        ["ruby", "-e", RECORDER, CHECKOUT / "Vagrantfile", provider],
        env=clean(**environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)["vm"]
    return said


@needs_ruby
@pytest.mark.parametrize(
    ("provider", "box", "memory", "cpus"),
    [
        ("virtualbox", "bento/debian-12", {"memory": 2048}, {"cpus": 2}),
        ("parallels", "bento/debian-12", {"memory": 2048}, {"cpus": 2}),
        ("libvirt", "cloud-image/debian-12", {"memory": 2048}, {"cpus": 2}),
        ("qemu", "cloud-image/debian-12", {"memory": "2048M"}, {"smp": "2"}),
        ("vmware_desktop", "bento/debian-12", {"vmx": {"memsize": "2048", "numvcpus": "2"}}, {}),
    ],
)
def test_each_provider_has_a_box_memory_and_processors(
    provider: str, box: str, memory: dict[str, Any], cpus: dict[str, Any]
) -> None:
    said = read(provider)
    assert said["box"] == box
    assert said[provider].items() >= {**memory, **cpus}.items()


@needs_ruby
@pytest.mark.parametrize("provider", ["virtualbox", "libvirt", "qemu"])
def test_box_and_its_place_come_from_the_environment(provider: str) -> None:
    said = read(provider, TUTOR_BOX="tutor", TUTOR_BOX_URL="build/box/tutor.box", TUTOR_BOX_VERSION="1.2")
    assert (said["box"], said["box_url"], said["box_version"]) == ("tutor", "build/box/tutor.box", "1.2")


@needs_ruby
def test_what_is_set_to_nothing_is_not_set() -> None:
    said = read("libvirt", TUTOR_BOX="", TUTOR_BOX_URL="", TUTOR_BOX_VERSION="", TUTOR_MEMORY="", TUTOR_DRIVER="")
    assert said == read("libvirt")
    assert not {"box_url", "box_version"} & set(said)


@needs_ruby
def test_the_size_of_the_machine_comes_from_the_environment() -> None:
    said = read("virtualbox", TUTOR_MEMORY="1024", TUTOR_CPUS="1")["virtualbox"]
    assert (said["memory"], said["cpus"]) == (1024, 1)


@needs_ruby
@pytest.mark.parametrize("wrong", [{"TUTOR_MEMORY": "2G"}, {"TUTOR_CPUS": "0"}, {"TUTOR_CPUS": "two"}])
def test_a_size_that_is_no_number_is_refused_in_one_line(wrong: dict[str, str]) -> None:
    done = subprocess.run(
        ["ruby", "-e", RECORDER, CHECKOUT / "Vagrantfile", "libvirt"],
        env=clean(**wrong),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    ((name, value),) = wrong.items()
    assert done.stderr == f"Vagrantfile: {name} is a number, not {value}\n"


@needs_ruby
def test_a_machine_without_kvm_is_emulated_and_may_take_longer() -> None:
    ordinary, emulated = read("libvirt"), read("libvirt", TUTOR_DRIVER="qemu", TUTOR_PATIENCE="10")
    assert (ordinary["libvirt"]["driver"], emulated["libvirt"]["driver"]) == ("kvm", "qemu")
    assert "cpu_mode" not in ordinary["libvirt"]  # the provider knows best
    assert emulated["libvirt"]["cpu_mode"] == "maximum"
    assert emulated["boot_timeout"] > ordinary["boot_timeout"]
    assert emulated["provision"][-1]["env"] == {"TUTOR_PATIENCE": "10"}


@needs_ruby
def test_what_sets_the_machine_up_is_there_and_runs_as_its_user() -> None:
    kind, options = read("libvirt")["provision"]
    assert kind == "shell"
    assert options["privileged"] is False
    assert os.access(CHECKOUT / options["path"], os.X_OK)


@needs_ruby
def test_nothing_that_is_made_in_a_checkout_is_carried_in() -> None:
    ignored = {line.strip("/") for line in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    left_out = {pattern.strip("/") for pattern in read("libvirt")["synced_folder"][-1]["rsync__exclude"]}
    assert {".venv", "build", "dist", ".vagrant"} <= ignored & left_out


@needs_vagrant
def test_vagrant_takes_the_vagrantfile() -> None:
    done = subprocess.run([HERE / "vagrant/validate.sh"], env=clean(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "validated successfully" in done.stdout


@needs_vagrant
def test_vagrant_does_not_take_a_size_that_is_no_number() -> None:
    done = subprocess.run(
        [HERE / "vagrant/validate.sh"], env=clean(TUTOR_CPUS="two"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "TUTOR_CPUS is a number, not two" in done.stderr


def test_without_vagrant_nothing_is_validated(tmp_path: Path) -> None:
    for name in ("dirname", "bash"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    script = HERE / "vagrant/validate.sh"
    done = subprocess.run(["bash", script], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("vagrant is not installed")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_what_bash_can_read(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


STAND_INS = {
    "sudo": '#!/bin/sh\necho "sudo $*" >>"$SAID"\n[ "$1" != tee ] || cat >>"$SAID"\n',
    "tutor": '#!/bin/sh\necho "tutor $*" >>"$SAID"\n',
    "make": '#!/bin/sh\necho "make $* in $PWD" >>"$SAID"\nexit "${MAKE_STATUS:-0}"\n',
}


def provision(tmp_path: Path, **environment: str) -> tuple[int, list[str]]:
    """Set a machine up whose make, sudo and tutor only write down what they were asked for."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in STAND_INS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    said = tmp_path / "said"
    done = subprocess.run(
        [HERE / "vagrant/provision.sh", tmp_path],
        env=clean(PATH=f"{programs}:{os.environ['PATH']}", SAID=str(said), **environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, said.read_text().splitlines()


def test_a_machine_is_ready_when_a_lab_has_been_started(tmp_path: Path) -> None:
    status, said = provision(tmp_path)
    assert status == 0
    assert said == [
        f"make setup in {tmp_path}",
        f"sudo ln -sfn {tmp_path}/.venv/bin/tutor /usr/local/bin/tutor",
        "tutor doctor",
        "tutor shell initial-state -- true",
    ]


def test_a_slow_machine_is_slow_in_every_session(tmp_path: Path) -> None:
    status, said = provision(tmp_path, TUTOR_PATIENCE="10")
    assert status == 0
    assert "TUTOR_PATIENCE=10" in said[said.index("sudo tee /etc/environment") :]


def test_a_machine_that_could_not_be_set_up_is_not_called_ready(tmp_path: Path) -> None:
    status, said = provision(tmp_path, MAKE_STATUS="2")
    assert status == 2
    assert said == [f"make setup in {tmp_path}"]


LIMA = CHECKOUT / "docs/lima.yaml"
LIMA_KNOWS = {
    "": {"minimumLimaVersion", "images", "cpus", "memory", "disk", "mountTypesUnsupported", "mounts", "containerd"}
    | {"provision", "probes"},
    "images": {"location", "arch", "digest", "variant"},
    "mounts": {"location", "mountPoint", "writable"},
    "provision": {"mode", "script"},
    "probes": {"mode", "description", "script", "hint"},
}
"""Of all that Lima's limatype/lima_yaml.go names, what is used here: it refuses what it doesn't know."""


def test_limas_template_says_only_what_lima_knows() -> None:
    template = yaml.safe_load(LIMA.read_text(encoding="utf-8"))
    assert set(template) <= LIMA_KNOWS[""]
    for name in ("images", "mounts", "provision", "probes"):
        for entry in template[name]:
            assert set(entry) <= LIMA_KNOWS[name], name


def test_limas_template_has_an_image_for_each_processor() -> None:
    template = yaml.safe_load(LIMA.read_text(encoding="utf-8"))
    images = {image["arch"]: image["location"] for image in template["images"]}
    assert set(images) == {"x86_64", "aarch64"}
    assert images["x86_64"].replace("amd64", "arm64") == images["aarch64"]


def test_limas_scripts_are_what_bash_can_read_and_sets_up_the_way_vagrant_does() -> None:
    template = yaml.safe_load(LIMA.read_text(encoding="utf-8"))
    scripts = [entry["script"] for name in ("provision", "probes") for entry in template[name]]
    for script in scripts:
        assert script.startswith("#!/bin/bash\n")
        assert "{{" not in script  # Lima would fill it in
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert "tests/machines/vagrant/provision.sh" in scripts[0]
