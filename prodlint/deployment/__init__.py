"""What it all means together: the model of what will run in production.

These are the things that a rule may look at, and what they are made of.
"""

from prodlint.deployment.app import App, Interface
from prodlint.deployment.backing_service import BackingService
from prodlint.deployment.command import CommandLine, Execution, Step
from prodlint.deployment.dependency import Dependency, DependencyFile, Install, LockFile
from prodlint.deployment.environment import Environment
from prodlint.deployment.image import Image
from prodlint.deployment.installation import Installation, InstalledFile
from prodlint.deployment.migration import MigrationRun, MigrationSystem
from prodlint.deployment.model import Deployment
from prodlint.deployment.pipeline import Job, Pipeline, Release, StepKind
from prodlint.deployment.process import Platform, Process, Role
from prodlint.deployment.project import Project
from prodlint.deployment.releases.release import PipelineStep
from prodlint.deployment.servers.server import Server
from prodlint.deployment.service import Service
from prodlint.deployment.settings.found import AppSettings

__all__ = [
    "App",
    "AppSettings",
    "BackingService",
    "CommandLine",
    "Dependency",
    "DependencyFile",
    "Deployment",
    "Environment",
    "Execution",
    "Image",
    "Install",
    "Installation",
    "InstalledFile",
    "Interface",
    "Job",
    "LockFile",
    "MigrationRun",
    "MigrationSystem",
    "Pipeline",
    "PipelineStep",
    "Platform",
    "Process",
    "Project",
    "Release",
    "Role",
    "Server",
    "Service",
    "Step",
    "StepKind",
]
