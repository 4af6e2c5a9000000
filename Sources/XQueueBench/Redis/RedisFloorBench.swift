#if Redis

import Subprocess
import XQueueRedis

/// The floors: rates of bare commands sent by `redis-benchmark` to the same server.
struct RedisFloorBench {
    private static let key = "xqueue-bench-floor"
    /// An element as long as a task's identifier.
    private static let element = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    private static let commands = 500_000

    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    /// Measures single commands with a pipeline of 16, then `LPUSH`, `LMOVE` and `LREM` with a pipeline of 50. The floor is
    /// the rate of tasks that need one of each, in sequence.
    func run() async throws -> [BenchResult] {
        var results: [BenchResult] = []
        let value = String(repeating: "x", count: options.payload)
        let singles = [
            ["set", Self.key, value], ["get", Self.key],
            ["lpush", Self.key + "-from", Self.element],
        ]
        for command in singles { results.append(try await measure(command, pipeline: 16)) }
        try await clear()
        var seconds = 0.0
        var cpu = 0.0
        let three = [
            ["lpush", Self.key + "-from", Self.element],
            ["lmove", Self.key + "-from", Self.key + "-to", "left", "right"],
            ["lrem", Self.key + "-to", "1", Self.element],
        ]
        for command in three {
            let result = try await measure(command, pipeline: 50)
            seconds += result.seconds
            cpu += result.serverCPUSeconds ?? 0
            results.append(result)
        }
        try await clear()
        results.append(
            BenchResult(name: "floor", tasks: Self.commands, seconds: seconds, serverCPUSeconds: cpu))
        return results
    }

    private func clear() async throws {
        for end in ["", "-from", "-to"] { _ = try await server.send(RedisCommand("DEL", Self.key + end)) }
    }

    private func measure(_ command: [String], pipeline: Int) async throws -> BenchResult {
        bar.show("floor \(command[0])", 0, of: 1)
        let before = try await server.serverCPUSeconds() ?? 0
        let rate = try await rate(command, pipeline: pipeline)
        let used = (try await server.serverCPUSeconds() ?? 0) - before
        return BenchResult(
            name: "bare-\(command[0])-p\(pipeline)", tasks: Self.commands,
            seconds: Double(Self.commands) / rate, serverCPUSeconds: used)
    }

    private func rate(_ command: [String], pipeline: Int) async throws -> Double {
        let arguments =
            server.benchmarkArguments + [
                "-P", "\(pipeline)", "-n", "\(Self.commands)", "--csv",
            ] + command
        do {
            let ended = try await Subprocess.run(
                .name("redis-benchmark"), arguments: Arguments(arguments),
                output: .string(limit: 65_536), error: .string(limit: 65_536))
            guard let rate = Self.rate(inCSV: ended.standardOutput) else {
                throw BenchFailure(
                    description: "redis-benchmark \(command[0]): \(ended.standardError)")
            }
            return rate
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw BenchFailure.notInstalled("redis-benchmark", package: "redis-tools")
        }
    }

    /// Returns the requests per second from the last line of the output of `redis-benchmark --csv`.
    static func rate(inCSV text: String) -> Double? {
        let last = text.split(whereSeparator: \.isNewline).last ?? ""
        let fields = last.split(separator: "\",\"")
        return fields.count > 1 ? Double(fields[1].filter { $0 != "\"" }) : nil
    }
}

extension BenchServer {
    /// Arguments that make `redis-benchmark` connect to the same server.
    fileprivate var benchmarkArguments: [String] {
        var arguments: [String]
        switch configuration.address.place {
        case .host(let host, let port): arguments = ["-h", host, "-p", "\(port)"]
        case .socket(let path): arguments = ["-s", path]
        }
        if let password = configuration.password { arguments += ["-a", password] }
        if let username = configuration.username { arguments += ["--user", username] }
        if configuration.database != 0 { arguments += ["--dbnum", "\(configuration.database)"] }
        return arguments
    }
}

#endif
