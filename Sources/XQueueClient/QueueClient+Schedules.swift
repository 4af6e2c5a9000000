public import XQueueCore

/// Schedules: tasks that recur.
extension QueueClient {
    /// Computes when a schedule would fire, without creating one.
    ///
    /// - Parameters:
    ///   - timing: When it fires.
    ///   - name: Its name, which `H` in an expression is derived from.
    ///   - count: Number of ticks, 1 to 100.
    ///   - start: The time after which; nil for now.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func previewSchedule(
        _ timing: ScheduleDefinition.Timing, name: String? = nil, count: Int = 5,
        after start: Timestamp? = nil
    ) async throws -> PreviewedSchedule {
        try await answer(to: .previewSchedule(timing, name: name, count: count, after: start))
    }

    /// Returns a page of schedules, ordered by name.
    ///
    /// - Parameters:
    ///   - name: The name to continue after: the ``QueueSchedulePage/next`` of the previous page.
    ///   - limit: Maximum number of schedules, 1 to 1000.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func schedules(after name: String? = nil, limit: Int = 100) async throws -> QueueSchedulePage {
        try await answer(to: .schedules(after: name, limit: limit))
    }

    /// Returns a schedule; nil if there is none with this name.
    ///
    /// - Parameter name: The schedule's name.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func schedule(_ name: String) async throws -> QueueSchedule? {
        do {
            return try await answer(to: .schedule(name))
        } catch let error as QueueClientError where error.code == .notFound && error.status == 404 {
            return nil
        }
    }

    /// Creates a schedule, or replaces the one with this name.
    ///
    /// - Parameters:
    ///   - name: Its name: 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    ///   - definition: When it fires, and the task of each tick.
    ///   - version: The version it must have, 0 = it must not exist; nil = any.
    /// - Returns: The schedule in its new state.
    /// - Throws: ``QueueClientError`` `invalid_field`, whose field names the invalid part (`cron`, `task.type`);
    ///   `version_conflict`; `owned_by_file` if it is in the server's configuration file; or `CancellationError`.
    @discardableResult
    public func setSchedule(
        _ name: String, _ definition: ScheduleDefinition, version: Int? = nil
    ) async throws -> QueueSchedule {
        try await answer(to: .setSchedule(name, body: definition.json, version: version))
    }

    /// Changes some fields of a schedule.
    ///
    /// - Parameters:
    ///   - name: The schedule's name.
    ///   - patch: A JSON merge patch (RFC 7396) of its definition, such as `{"overlap":"allow","ends_at":null}`. Null means
    ///     the default. Objects are merged, the task's payload included.
    ///   - version: The version it must have; nil = any.
    /// - Returns: The schedule in its new state.
    /// - Throws: ``QueueClientError`` `not_found`, or as of ``setSchedule(_:_:version:)``; or `CancellationError`.
    @discardableResult
    public func patchSchedule(
        _ name: String, _ patch: RawJSON, version: Int? = nil
    ) async throws -> QueueSchedule {
        try await answer(to: .patchSchedule(name, body: patch.text, version: version))
    }

    /// Removes a schedule; its tasks stay.
    ///
    /// - Parameters:
    ///   - name: The schedule's name.
    ///   - version: The version it must have; nil = any.
    /// - Throws: ``QueueClientError`` `not_found`, `version_conflict` or `owned_by_file`; or `CancellationError`.
    public func removeSchedule(_ name: String, version: Int? = nil) async throws {
        _ = try await answer(to: .removeSchedule(name, version: version))
    }

    /// Pauses a schedule: it fires nothing until it is resumed.
    ///
    /// - Parameters:
    ///   - name: The schedule's name.
    ///   - reason: Why, for people.
    /// - Returns: The schedule in its new state.
    /// - Throws: ``QueueClientError`` `not_found`, or `CancellationError`.
    @discardableResult
    public func pauseSchedule(_ name: String, reason: String? = nil) async throws -> QueueSchedule {
        try await answer(to: .pauseSchedule(name, reason: reason))
    }

    /// Resumes a paused schedule. It does not catch up with the ticks in between.
    ///
    /// - Parameter name: The schedule's name.
    /// - Returns: The schedule in its new state.
    /// - Throws: ``QueueClientError`` `not_found`, or `CancellationError`.
    @discardableResult
    public func resumeSchedule(_ name: String) async throws -> QueueSchedule {
        try await answer(to: .resumeSchedule(name))
    }

    /// Submits a schedule's task now, apart from its ticks.
    ///
    /// - Parameter name: The schedule's name.
    /// - Returns: The task, or the one that holds its unique key.
    /// - Throws: ``QueueClientError`` `not_found`, or `CancellationError`.
    @discardableResult
    public func runSchedule(_ name: String) async throws -> QueueTask {
        try await answer(to: .runSchedule(name))
    }

    /// Submits the tasks of a schedule's past ticks. Ticks whose tasks exist are left alone, so repeating it is harmless.
    ///
    /// - Parameters:
    ///   - name: The schedule's name.
    ///   - start: The first possible tick.
    ///   - end: The end of the ticks, exclusive; not in the future.
    ///   - isDryRun: Whether to compute the ticks only.
    /// - Returns: The ticks, at most 1,000.
    /// - Throws: ``QueueClientError`` `not_found`, or `invalid_field` if there are more ticks or `end` is in the future;
    ///   or `CancellationError`.
    @discardableResult
    public func backfillSchedule(
        _ name: String, from start: Timestamp, to end: Timestamp, isDryRun: Bool = false
    ) async throws -> ScheduleBackfill {
        try await answer(to: .backfillSchedule(name, from: start, to: end, isDryRun: isDryRun))
    }
}
