import Foundation
import NIOSSL

/// A temporary certificate authority, and a certificate it has signed for the loopback interface.
package final class TLSFiles: Sendable {
    package let authority: String
    /// Server and client certificate, by default for `localhost` and `127.0.0.1`.
    package let certificate: String
    package let key: String
    private let folder: ServerFolder

    /// - Parameter names: Subject alternative names, in OpenSSL's syntax.
    /// - Throws: ``ProgramFile/Missing`` if `openssl` is not installed.
    package static func make(for names: String = "DNS:localhost,IP:127.0.0.1") async throws -> TLSFiles {
        let files = try TLSFiles()
        try await files.sign(for: names)
        return files
    }

    private init() throws {
        folder = try ServerFolder()
        authority = folder.path + "/authority.pem"
        certificate = folder.path + "/certificate.pem"
        key = folder.path + "/key.pem"
    }

    /// Returns the files as Redis server options.
    ///
    /// - Parameter asksClients: Whether clients must show a certificate too.
    package func options(asksClients: Bool = false) -> RedisOptions.TLS {
        RedisOptions.TLS(
            authority: authority, certificate: certificate, key: key, asksClients: asksClients)
    }

    /// The TLS configuration of a server within the test.
    func server() throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    }

    private func sign(for names: String) async throws {
        try folder.write("names", "subjectAltName=\(names)\n")
        try await run(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.pem -out \(authority)")
        try await run("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout \(key) -out request.pem")
        try await run(
            "x509 -req -days 2 -in request.pem -CA \(authority) -CAkey ca.pem -set_serial 1 -extfile names"
                + " -out \(certificate)")
    }

    private func run(_ command: String) async throws {
        let openssl = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("openssl")),
            command.split(separator: " ").map(String.init), in: folder, name: "openssl")
        guard try await openssl.exitStatus() == 0 else { throw ProgramEnded(output: openssl.output) }
    }
}
