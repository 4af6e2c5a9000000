import XQueueCore

/// Moves tasks through a store in batches, without the runtime, with sequential calls of a single caller.
struct StoreLoad {
    let store: any Store
    let batch: Int
    private let ids = TaskIDGenerator()
    private let payload: RawJSON

    init(_ store: any Store, batch: Int, payloadBytes: Int) throws {
        self.store = store
        self.batch = batch
        payload = try BenchPayload.make(bytes: payloadBytes)
    }

    func insert(_ count: Int, progress: (Int) -> Void) async throws {
        var done = 0
        while done < count {
            let size = min(batch, count - done)
            let tasks = (0..<size).map { _ in
                NewTask(id: ids.next(), type: BenchQueue.type, payload: payload)
            }
            _ = try await store.insert(tasks)
            done += size
            progress(done)
        }
    }

    func claim(_ count: Int, progress: (Int) -> Void) async throws -> [AttemptID] {
        var attempts: [AttemptID] = []
        while attempts.count < count {
            let grant = ClaimGrant(
                token: LeaseToken(rawValue: Int64(attempts.count + 1)), workerID: "bench",
                lease: .seconds(3600),
                grace: .seconds(30))
            let size = min(batch, count - attempts.count)
            let claimed = try await store.claim(
                ClaimRequest(types: [BenchQueue.type], count: size, grant: grant))
            guard !claimed.tasks.isEmpty else {
                throw BenchFailure(description: "only \(attempts.count) of \(count) tasks could be claimed")
            }
            for (index, task) in claimed.tasks.enumerated() {
                let token = LeaseToken(rawValue: grant.token.rawValue + Int64(index))
                attempts.append(AttemptID(taskID: task.id, token: token))
            }
            progress(attempts.count)
        }
        return attempts
    }

    func settle(_ attempts: [AttemptID], progress: (Int) -> Void) async throws {
        var done = 0
        while done < attempts.count {
            let part = attempts[done..<min(done + batch, attempts.count)]
            let outcomes = try await store.settle(
                part.map { Settlement(attempt: $0, outcome: .success(nil)) })
            for case .rejected(let rejection) in outcomes {
                throw BenchFailure(description: "settling an attempt was rejected: \(rejection)")
            }
            done += part.count
            progress(done)
        }
    }
}
