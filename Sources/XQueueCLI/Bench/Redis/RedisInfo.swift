#if Redis

/// What Redis answers to `INFO`.
struct RedisInfo {
    private let fields: [Substring: Substring]

    init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        self.fields = fields
    }

    /// The number of a field; nil if there is no such field or it is no number.
    subscript(name: Substring) -> Double? { fields[name].flatMap { Double($0) } }

    /// Calls of each command and the microseconds they took, from the section `commandstats`.
    var commands: [String: (calls: Double, microseconds: Double)] {
        var commands: [String: (calls: Double, microseconds: Double)] = [:]
        for (field, text) in fields where field.hasPrefix("cmdstat_") {
            var values: [Substring: Double] = [:]
            for part in text.split(separator: ",") {
                let sides = part.split(separator: "=")
                if sides.count == 2 { values[sides[0]] = Double(sides[1]) }
            }
            commands[String(field.dropFirst(8))] = (values["calls"] ?? 0, values["usec"] ?? 0)
        }
        return commands
    }

    /// What was done since `earlier`, for each of `tasks`; what took longest comes first.
    func costs(since earlier: RedisInfo, tasks: Int) -> [BenchResult.CommandCost] {
        let before = earlier.commands
        let costs = commands.compactMap { name, now -> BenchResult.CommandCost? in
            let (calls, microseconds) = before[name] ?? (0, 0)
            guard now.calls > calls else { return nil }
            return BenchResult.CommandCost(
                name: name, callsPerTask: (now.calls - calls) / Double(tasks),
                microsecondsPerTask: (now.microseconds - microseconds) / Double(tasks))
        }
        return costs.sorted { ($0.microsecondsPerTask, $1.name) > ($1.microsecondsPerTask, $0.name) }
    }
}

#endif
