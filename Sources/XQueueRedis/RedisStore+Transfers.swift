#if Redis

public import XQueueCore

extension RedisStore {
    /// Number of concurrency keys processed per step.
    private static let keysPerStep = 200

    public func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage {
        let page = try await tasks(query)
        let keyed = page.tasks.filter { $0.definition.unique != nil }
        let holders = keyed.isEmpty ? [] : try await holders(among: keyed)
        let copies = page.tasks.map { TaskCopy($0, holdsUniqueKey: holders.contains($0.id)) }
        return TransferPage(copies: copies, total: page.total, next: page.next)
    }

    private func holders(among tasks: [TaskRecord]) async throws(StoreError) -> Set<TaskID> {
        try await within { () async throws(StoreError) in
            let answers = try await caller.run(.uniqueHolders, capacity: 128 * tasks.count) { command in
                for task in tasks {
                    command.append(task.id)
                    command.append(task.type)
                    command.append(task.definition.unique?.stored ?? "")
                }
            }.elements
            guard answers.count == tasks.count else {
                throw StoreError(.corrupt, "unexpected reply from Redis to unique-holders")
            }
            var holders: Set<TaskID> = []
            for (task, answer) in zip(tasks, answers) where try answer.int == 1 { holders.insert(task.id) }
            return holders
        }
    }

    public func adopt(_ copies: [TaskCopy], note: String) async throws(StoreError) -> [Adoption] {
        try await within { () async throws(StoreError) in
            var stored: [StoredCopy] = []
            stored.reserveCapacity(copies.count)
            for copy in copies { stored.append(try StoredCopy(copy)) }
            let capacity = stored.reduce(note.utf8.count) { $0 + $1.size }
            let reply = try await caller.change(.adopt, capacity: capacity) { command in
                command.append(note)
                for copy in stored { copy.append(to: &command) }
            }
            guard reply.rest.count == copies.count else {
                throw StoreError(.corrupt, "unexpected reply from Redis to adopt")
            }
            var adoptions: [Adoption] = []
            adoptions.reserveCapacity(copies.count)
            for (copy, answer) in zip(copies, reply.rest) {
                adoptions.append(try Self.adoption(of: copy, answer))
            }
            return adoptions
        }
    }

    /// - Parameter answer: 0, the existing record, or the code of the rejection.
    private static func adoption(
        of copy: TaskCopy, _ answer: RedisReply
    ) throws(StoreError) -> Adoption {
        guard case .integer(let code) = answer else {
            return try answer.record == copy.record ? .known : .differs
        }
        switch code {
        case 0: return .adopted
        case Int64(TransitionRejection.uniqueKeyTaken.code): return .uniqueKeyTaken
        default: throw StoreError(.corrupt, "unexpected reply from Redis to adopt: \(code)")
        }
    }

    public func endTransfer(note: String) async throws(StoreError) {
        try await within { () async throws(StoreError) in
            var place = "0"
            repeat {
                let from = place
                let reply = try await caller.change(.endTransfer) { command in
                    command.append(from)
                    command.append(Self.keysPerStep)
                    command.append(note)
                }
                guard let next = try reply.rest.first?.text else {
                    throw StoreError(.corrupt, "unexpected reply from Redis to end-transfer")
                }
                place = next
            } while place != "0"
        }
    }

    public func transferNote() async throws(StoreError) -> String? {
        try await within { () async throws(StoreError) in
            let reply: RedisReply
            do throws(RedisError) {
                reply = try await runner.run(.transferNote) { _ in }
            } catch {
                throw StoreError(error)
            }
            return try reply.optionalBytes.map { String(decoding: $0, as: UTF8.self) }
        }
    }
}

#endif
