import XQueueCore

/// A cache of processing tasks, so that ending an attempt need not read its task back. Tasks that would make it
/// too large are left out.
struct ActiveTasks {
    /// Approximate size limit.
    static let maxBytes = 32 << 20

    private var tasks: [TaskID: StoredTask] = [:]
    private var bytes = 0

    subscript(id: TaskID) -> StoredTask? {
        get { tasks[id] }
        set {
            let old: StoredTask?
            if let newValue, bytes + Self.cost(of: newValue) <= Self.maxBytes {
                bytes += Self.cost(of: newValue)
                old = tasks.updateValue(newValue, forKey: id)
            } else {
                old = tasks.removeValue(forKey: id)
            }
            if let old { bytes -= Self.cost(of: old) }
        }
    }

    mutating func removeAll() {
        tasks = [:]
        bytes = 0
    }

    /// A record's own fields take about half a kilobyte.
    private static func cost(of task: StoredTask) -> Int { 512 + task.record.contentBytes }
}
