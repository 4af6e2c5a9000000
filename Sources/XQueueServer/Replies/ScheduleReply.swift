import XQueue
import XQueueCore

extension JSONWriter {
    /// Writes a schedule: always all fields, in the same order.
    ///
    /// - Parameters:
    ///   - report: The schedule.
    ///   - definition: What it submits, as the caller sees it.
    mutating func schedule(_ report: ScheduleReport, _ definition: TaskDefinition) {
        object { writer in
            writer.member("name", report.schedule.name)
            writer.member("version", report.version)
            writer.member("source", report.source.rawValue)
            ScheduleJSON.write(report.schedule, definition, to: &writer)
            writer.member("paused", report.isPaused)
            writer.member("pause_reason", report.activity.pauseReason)
            writer.member("created_at", Timestamp(report.activity.createdAt))
            writer.member("next_at", report.nextAt.map { Timestamp($0) })
            writer.activity(report.activity)
            // Without the time zone on this machine, it has no ticks here.
            writer.words(try? report.preview())
        }
    }

    private mutating func activity(_ activity: ScheduleActivity) {
        let last = activity.runs.last
        member("last_at", last.map { Timestamp($0.tick) })
        member("last_task_id", last?.taskID.description)
        member("last_status", last?.status?.rawValue)
        member("waiting_tick", activity.waitingTick.map { Timestamp($0) })
        name("counts")
        object { writer in
            writer.member("fired", activity.fired)
            writer.member("late", activity.late)
            writer.member("skipped", activity.skipped)
            writer.member("missed", activity.missed)
        }
        name("runs")
        array(activity.runs.suffix(10).reversed()) { writer, run in
            writer.object { writer in
                writer.member("tick", Timestamp(run.tick))
                writer.member("task_id", run.taskID.description)
                writer.member("status", run.status?.rawValue)
            }
        }
    }

    /// Writes the ticks of a preview.
    mutating func preview(_ preview: SchedulePreview) {
        object { writer in
            writer.member("time_zone", preview.timeZone)
            writer.words(preview)
        }
    }

    private mutating func words(_ preview: SchedulePreview?) {
        member("tzdata", preview?.zoneVersion)
        name("explain")
        object { writer in
            writer.member("en", preview?.explanation ?? "")
            writer.member("zh", preview?.chineseExplanation ?? "")
        }
        name("next")
        array(preview?.ticks ?? []) { writer, tick in
            writer.object { writer in
                writer.member("at", Timestamp(tick.at))
                writer.member("local", tick.local)
            }
        }
    }

    /// Writes ticks of the past, and what became of them.
    mutating func backfill(_ ticks: [BackfilledTick], isDryRun: Bool) {
        object { writer in
            writer.member("dry_run", isDryRun)
            writer.name("ticks")
            writer.array(ticks) { writer, tick in
                writer.object { writer in
                    writer.member("tick", Timestamp(tick.tick))
                    writer.member("local", tick.local)
                    writer.member("task_id", tick.taskID.description)
                    writer.member("new", tick.isNew)
                }
            }
        }
    }
}
