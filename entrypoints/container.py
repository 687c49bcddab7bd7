"""Wires adapters to services, for a build. Declarations only.

The functions are in `*builders`, the other programs in `*_container`.

What is resolved first matters in one place: `isolation` enters namespaces and
wants a process with a single thread.
"""

from __future__ import annotations

from dependency_injector import containers, providers

from application.add_sources import AddSources
from application.build_image import BuildImage
from application.build_stage import BuildStage
from application.contents import Contents
from application.gather_facts import GatherFacts
from application.needed_stages import StageTools
from application.options import BuildOptions
from application.perform_effects import PerformEffects
from application.plan_image import PlanImage
from application.plan_only import NoRoots, UnreadLayers, nothing_fetched
from application.plan_stage import PlanStage
from application.prepare_build import PrepareBuild
from application.prepare_mounts import PrepareMounts
from application.publish_image import PublishImage
from application.resolve_base import ResolveBase
from application.stage_bases import StageBases
from application.step_results import WriteStepResults
from application.timeline import Timeline
from application.turns import Turns
from entrypoints import (
    builders,
    cache_builders,
    context_builders,
    credential_builders,
    image_builders,
)


class Container(containers.DeclarativeContainer):
    """Everything one build needs, made of its options."""

    options: providers.Dependency[BuildOptions] = providers.Dependency(
        instance_of=BuildOptions
    )

    log = providers.Singleton(builders.reporter, options.provided.log)
    reporter = providers.Singleton(Timeline, log)
    clock = providers.Singleton(builders.clock, options.provided.image)
    work_directory = providers.Singleton(
        builders.work_directory, options.provided.root.work_directory
    )
    isolation = providers.Singleton(builders.isolation, options.provided.root)
    work_near_root = providers.Singleton(
        builders.work_near_root, isolation, work_directory
    )
    host_platform = providers.Singleton(builders.host_platform)

    layers = providers.Singleton(
        builders.layer_store, options.provided.image, work_directory, clock
    )
    archives = providers.Singleton(builders.archives, work_directory)
    aside = providers.Singleton(
        builders.aside, options, isolation, work_directory, reporter
    )
    credentials = providers.Singleton(
        credential_builders.credentials, options, reporter
    )
    roots = providers.Singleton(
        builders.root_filesystems,
        options,
        isolation,
        work_directory,
        aside,
        credentials,
        reporter,
    )
    runner = providers.Singleton(builders.process_runner, isolation, work_near_root)

    registry = providers.Singleton(
        image_builders.registry, options, credentials, reporter
    )
    known_blobs = providers.Singleton(image_builders.known_blobs)
    destinations = providers.Singleton(
        image_builders.destinations,
        options,
        credentials,
        known_blobs.provider,
        reporter,
    )
    downloads = providers.Singleton(
        builders.downloads, options, work_directory, reporter
    )
    repositories = providers.Singleton(
        builders.repositories, options, work_directory, reporter
    )
    context = providers.Singleton(
        context_builders.context, options, aside, work_directory, reporter
    )
    dockerfiles = providers.Singleton(context_builders.dockerfiles, options, reporter)
    reader = providers.Singleton(builders.dockerfile_reader)
    results = providers.Singleton(builders.result_files, options, reporter)

    contents = providers.Singleton(Contents)
    turns = providers.Singleton(Turns)
    cache_entries = providers.Singleton(
        cache_builders.cache_entries, options, credentials, known_blobs, reporter
    )
    layer_cache = providers.Singleton(
        cache_builders.layer_cache, options, cache_entries.provider, layers, reporter
    )
    step_cache = providers.Singleton(
        cache_builders.step_cache, options, layer_cache, contents, reporter
    )
    secrets = providers.Singleton(builders.secrets, options.provided.input)
    mounts = providers.Singleton(
        PrepareMounts,
        roots=providers.Singleton(
            builders.mount_roots, isolation, roots, work_near_root
        ),
        runner=runner,
        secrets=secrets,
        contents=contents,
        turns=turns,
        kept=providers.Singleton(
            builders.kept_caches, options.provided.cache, reporter
        ),
    )
    effects = providers.Singleton(
        PerformEffects,
        layers=layers,
        runner=runner,
        reporter=reporter,
        contents=contents,
        mounts=mounts,
        turns=turns,
        makes_interim_layers=options.provided.snapshot.single,
    )
    prepare = providers.Singleton(
        PrepareBuild,
        options=options.provided.input,
        context=context,
        dockerfiles=dockerfiles,
        reader=reader,
        clock=clock,
        reporter=reporter,
        host_platform=host_platform,
    )
    images = providers.Singleton(
        ResolveBase,
        # imported when the first image of a registry is met
        registry=registry.provider,
        named_images=providers.Singleton(
            context_builders.named_images, options.provided.input, registry.provider
        ),
        reporter=reporter,
        warmed=providers.Singleton(
            cache_builders.warmed_bases,
            options.provided.cache,
            registry.provider,
            reporter,
        ),
    )
    named_contexts = providers.Singleton(
        context_builders.named_contexts, options, aside, work_directory, reporter
    )
    tools = providers.Singleton(
        StageTools,
        builder=providers.Singleton(
            BuildStage,
            facts=providers.Singleton(
                GatherFacts,
                add_sources=providers.Singleton(
                    AddSources,
                    archives=archives,
                    downloads=downloads.provider,
                    # imported when the first address or repository is met
                    repositories=repositories.provider,
                    secrets=secrets,
                    contents=contents,
                ),
            ),
            effects=effects,
            reader=reader,
            reporter=reporter,
            cache=step_cache,
            snapshot=providers.Singleton(
                builders.single_snapshot,
                options.provided.snapshot,
                layers,
                contents,
                reporter,
            ),
        ),
        bases=providers.Singleton(
            StageBases,
            images=images,
            layers=layers,
            roots=roots,
            contexts=named_contexts,
            reporter=reporter,
            indexes=step_cache,
            cache=step_cache,
            repetition=providers.Singleton(
                builders.unpacking, options.provided.root, reporter
            ),
        ),
        named_contexts=named_contexts,
        contents=contents,
        reporter=reporter,
        turns=turns,
    )
    publish = providers.Singleton(
        PublishImage,
        image_options=options.provided.image,
        output_options=options.provided.output,
        destinations=destinations,
        layers=layers,
        results=results,
        reporter=reporter,
        further_checks=providers.Singleton(
            cache_builders.further_checks, options, cache_entries.provider
        ),
    )
    step_results = providers.Singleton(
        WriteStepResults,
        options=options.provided.output.step,
        results=providers.Singleton(builders.step_results),
    )
    build_image = providers.Singleton(
        BuildImage,
        prepare=prepare,
        tools=tools,
        publish=publish,
        roots=roots,
        mounts=mounts,
        reporter=reporter,
        cache=step_cache,
        side_by_side=providers.Singleton(
            builders.side_by_side, options.provided.root, turns, runner
        ),
        materialise_target=options.provided.root.materialise,
    )

    write_report = providers.Singleton(
        builders.write_report, options.provided.output, results, reporter, step_cache
    )

    planned_contents = providers.Singleton(Contents)
    planned_steps = providers.Singleton(
        cache_builders.step_cache, options, layer_cache, planned_contents, reporter
    )
    planning_tools = providers.Singleton(
        StageTools,
        builder=providers.Singleton(
            PlanStage,
            facts=providers.Singleton(
                GatherFacts,
                add_sources=providers.Singleton(
                    AddSources,
                    archives=archives,
                    downloads=providers.Object(nothing_fetched),
                    repositories=providers.Object(nothing_fetched),
                    secrets=secrets,
                    contents=planned_contents,
                ),
            ),
            contents=planned_contents,
            reader=reader,
            reporter=reporter,
            cache=planned_steps,
            is_one_layer=options.provided.snapshot.single,
        ),
        bases=providers.Singleton(
            StageBases,
            images=images,
            layers=providers.Singleton(UnreadLayers),
            roots=providers.Singleton(NoRoots),
            contexts=named_contexts,
            reporter=reporter,
            indexes=planned_steps,
            cache=planned_steps,
        ),
        named_contexts=named_contexts,
        contents=planned_contents,
        reporter=reporter,
        turns=turns,
    )
    plan_image = providers.Singleton(
        PlanImage,
        prepare=prepare,
        tools=planning_tools,
        places=publish.provided.places,
        reporter=reporter,
    )
