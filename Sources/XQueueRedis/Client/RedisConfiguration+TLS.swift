#if Redis

import NIOSSL

extension RedisConfiguration.TLS {
    /// - Throws: `unfit` with the file that cannot be used.
    func makeContext() throws(RedisError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let caFile { configuration.trustRoots = .file(caFile) }
        if !verifies { configuration.certificateVerification = .none }
        do {
            if let certificateFile {
                guard let privateKeyFile else {
                    throw RedisError(.unfit, "a client certificate for Redis needs its private key too")
                }
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateFile)
                    .map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(file: privateKeyFile, format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch let error as RedisError {
            throw error
        } catch {
            let files = [caFile, certificateFile, privateKeyFile].compactMap { $0 }.joined(separator: ", ")
            throw RedisError(.unfit, "the TLS files for Redis cannot be used (\(files)): \(error)")
        }
    }
}

#endif
