import XQueue
import XQueueCore

extension Cluster {
    /// The handler of every type, on every node: does what the plan says for this attempt, and keeps a diary.
    func handle(_ task: TaskContext<RawJSON>, in process: NodeProcess) async throws -> RawJSON? {
        let number = try task.payload.decode(Int.self)
        guard let planned = plan.tasks.first(where: { $0.number == number }) else {
            throw TaskFailure("not planned", isPermanent: true)
        }
        let entry = diary.begin(planned, of: task.id, in: process)
        witness.started(entry, attempt: task.attempt, marked: task.metadata)
        defer { diary.end(entry) }
        let work = entry.work
        if work.duration > .seconds(1) { task.report(progress: 50) }
        let wait = work.end == .stop ? .seconds(3600) : work.duration
        do {
            try await process.gate.sleep(until: scheduler.time + wait.simulated)
        } catch {
            diary.stopped(entry, task.stopReason)
            guard work.isDeaf else { throw error }
            await process.gate.wait(for: work.duration)
        }
        switch work.end {
        case .success: return RawJSON(trusted: "\(entry.number)")
        case .failure: throw TaskFailure("planned")
        case .permanentFailure: throw TaskFailure("planned", isPermanent: true)
        case .snooze: throw TaskSnooze(for: .milliseconds(500))
        case .stop: throw TaskFailure("nobody stopped it")
        }
    }
}
