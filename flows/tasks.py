"""Every Prefect task: a function of a hop, wrapped. Retries and caching are set here; the logic lives in the hops.

Prefect's own cache is off: it would hash path strings and return hits for files that are gone. Staged facts are named
by content instead.
"""

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.extracts import approve
from flows.intake import quarantine, reconcile, versions
from flows.marts import build
from flows.publish import gate, snapshots
from flows.release import make

bare = task(cache_policy=NO_CACHE, persist_result=False)

read_names = bare(versions.known_names).with_options(name="read the municipalities")
stage_delivery = bare(versions.stage).with_options(
    name="stage a delivery", task_run_name="stage {delivery.path}", retries=2, retry_delay_seconds=5
)
reconcile_facts = bare(reconcile.reconcile).with_options(name="reconcile the deliveries")
lay_out_quarantine = bare(quarantine.lay_out).with_options(name="lay out the quarantine")
build_marts = bare(build.build).with_options(name="build the marts")
judge_marts = bare(gate.judge).with_options(name="judge the marts")
publish_snapshot = bare(snapshots.publish).with_options(name="publish the snapshot")
make_release = bare(make.release_of).with_options(name="clear the year's figures")
write_extract = bare(approve.write_extract).with_options(
    name="write an extract", task_run_name="write the extract of {secretariat}"
)
