import Foundation
import Logging
import ServiceLifecycle
import XQueue
import XQueueCore
import XQueueHandlers
import XQueueServer

/// The server, assembled from its configuration.
struct ServeProgram {
    let configuration: ResolvedConfiguration
    private let logger: Logger
    private let logControl: LogControl
    private let metrics = PrometheusRegistry()
    /// Rereads the configuration.
    private let load: @Sendable () async throws -> ResolvedConfiguration

    init(
        _ configuration: ResolvedConfiguration,
        load: @escaping @Sendable () async throws -> ResolvedConfiguration
    ) {
        self.configuration = configuration
        self.load = load
        logControl = LogControl(ConsoleLog.level(configuration.values))
        logger = ConsoleLog.logger(configuration.values, logControl)
    }

    /// Serves until the program is asked to stop, which may be before it has started.
    ///
    /// - Throws: ``StoreError``, ``QueueError`` or ``ServerError`` if it cannot start, ``ConfigurationError``
    ///   if the journal of `example` cannot be opened.
    func run(until signals: StopSignals) async throws {
        BrokenPipe.ignore
        ProcessSecrecy.begin()
        FreedMemory.begin()
        try await EarlyOpening.open(configuration.values)
        let values = configuration.values
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let access = try await values.auth.access()
        await access.warnOfUnusableKeys(logger)
        let journal = values.queue.runsWorkers ? try openJournal() : nil
        let sinks = try SinkOpener(values)
        let log = try IntakeOpener(values, logger: logger)
        let opener = try StoreOpener(values: values, logger: logger)
        let opened = try await signals.unlessStopped {
            try await opener.open(waiting: values.redis.startupTimeout)
        }
        guard let store = opened else { return logger.info("Stopped") }
        await warnOfIncompleteMigration(store)
        var queue = values.queue
        queue.servesAPI = values.servesHTTP
        queue.version = Version.current
        let intake = try log.open()
        let manager = TaskManager(
            store: store, intake: intake, configuration: queue, logger: logger, metrics: metrics)
        let webhooks = webhookClient()
        if queue.runsWorkers { try register(in: manager, journal: journal, webhooks: webhooks) }
        try await setSchedules(in: manager)
        try sinks.open(for: manager)
        try log.addStatusSink(to: manager)
        EarlyOpening.warnIfFewAreLeft(logger)

        // A group stops its services last to first: no new requests arrive while running tasks finish.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services(manager, access), logger: ConsoleLog.quiet(logger)))
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    await signals.wait()
                    await group.triggerGracefulShutdown()
                }
                defer { tasks.cancelAll() }
                try await group.run()
            }
        } catch {
            await webhooks?.shutDown()
            throw error
        }
        await webhooks?.shutDown()
        logger.info("Stopped")
    }

    /// Sets the schedules of the configuration file.
    private func setSchedules(in manager: TaskManager) async throws {
        guard let file = configuration.values.schedules else { return }
        let outcome: FileSchedulesOutcome
        do {
            outcome = try await manager.setFileSchedules(file.schedules, revision: file.revision)
        } catch {
            guard error.code == .invalidField else { throw error }
            let place = configuration.sources[SettingsTable.schedulesSection].map { "\($0): " } ?? ""
            throw ConfigurationError(.configuration, ["\(place)\(error.message)"])
        }
        if !outcome.kept.isEmpty {
            logger.warning(
                "Left schedules as they are: a newer file or the API has set them",
                metadata: ["schedules": "\(outcome.kept.joined(separator: ", "))"])
        }
        guard !outcome.set.isEmpty || !outcome.removed.isEmpty else { return }
        logger.info(
            "Set the schedules of the configuration file",
            metadata: [
                "set": "\(outcome.set.joined(separator: ", "))",
                "removed": "\(outcome.removed.joined(separator: ", "))", "revision": "\(file.revision)",
            ])
    }

    /// Warns if a migration to this queue is incomplete.
    private func warnOfIncompleteMigration(_ store: any Store) async {
        guard let note = (try? await store.transferNote()).flatMap({ TransferNote($0) }), note.endedAt == nil
        else { return }
        logger.warning(
            "This queue lacks tasks: its migration is incomplete. Stop all nodes and run xqueue migrate again",
            metadata: ["from": "\(note.from)"])
    }

    private func services(
        _ manager: TaskManager, _ access: AccessConfiguration
    ) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        let announcement = Announcement(configuration: configuration, logger: logger)
        let base: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: manager)
        ]
        guard configuration.values.servesHTTP else {
            StopSignals.restoreHangup()
            announcement.working()
            return base
        }
        var server = configuration.values.server
        server.version = Version.current
        server.access = access
        server.tls = configuration.values.tls.files
        let api = QueueServer(
            manager: manager, configuration: server, logger: logger, metrics: metrics,
            logControl: logControl
        ) { port in
            announcement.listening(port: port)
        }
        let reload = ReloadOnHangup(logger: logger, load: load) { api.setAccess($0) }
        return base + [.init(service: reload), .init(service: api)]
    }

    private func openJournal() throws -> ExampleJournal? {
        guard let path = configuration.values.example.journal else { return nil }
        do {
            return try ExampleJournal(path: path)
        } catch {
            throw ConfigurationError(.configuration, ["example.journal: cannot open '\(path)': \(error)"])
        }
    }

    private func register(
        in manager: TaskManager, journal: ExampleJournal?, webhooks: WebhookClient?
    ) throws {
        let values = configuration.values
        if values.example.isEnabled {
            let handler = ExampleHandler(journal: journal)
            try manager.register(ExampleHandler.type, maxConcurrency: values.example.maxConcurrency) { task in
                try await handler.handle(task)
            }
        }
        for definition in values.handlers {
            switch definition.runner {
            case .program(let program):
                try manager.register(
                    definition.type, ExecHandler(program), maxConcurrency: definition.maxConcurrency)
            case .service(let webhook):
                try manager.register(
                    definition.type, WebhookHandler(webhook, client: webhooks ?? .shared),
                    maxConcurrency: definition.maxConcurrency)
            }
        }
    }

    /// Creates the HTTP client for webhooks; returns nil if this process runs none.
    private func webhookClient() -> WebhookClient? {
        let values = configuration.values
        guard values.queue.runsWorkers, values.handlers.contains(where: { $0.webhook != nil }) else {
            return nil
        }
        return WebhookClient(
            maxConnections: values.queue.maxConcurrency, userAgent: "xqueue/\(Version.current)")
    }
}
