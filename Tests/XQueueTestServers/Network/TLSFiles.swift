import Foundation
import NIOSSL

/// A certificate authority of a test's own, and certificates it has signed for the loopback interface.
package final class TLSFiles: Sendable {
    package let authority: String
    /// For `localhost` and `127.0.0.1`, if it was not asked for others; serves as the certificate of a server and of a client.
    package let certificate: String
    package let key: String
    private let folder: ServerFolder

    /// - Parameter names: Whom the certificate is for, as OpenSSL spells it.
    /// - Throws: ``ProgramFile/Missing`` if there is no `openssl`.
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

    /// As the options of a server want them.
    ///
    /// - Parameter asksClients: Whether clients must show a certificate too.
    package func options(asksClients: Bool = false) -> RedisOptions.TLS {
        RedisOptions.TLS(
            authority: authority, certificate: certificate, key: key, asksClients: asksClients)
    }

    /// What a server within the test shows to its clients.
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
        guard try await openssl.exitStatus() == 0 else { throw ProgramEnded(said: openssl.said) }
    }
}
