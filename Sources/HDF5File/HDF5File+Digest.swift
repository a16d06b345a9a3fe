import CCrypto

extension HDF5File {
  /// The SHA-256 of the file's bytes, in hexadecimal digits.
  ///
  /// - Throws: `HDF5Error` where the file can no longer be read.
  public func sha256() throws(HDF5Error) -> String {
    do throws(HDF5Problem) {
      return try digest()
    } catch {
      throw HDF5Error(file: path, object: nil, error)
    }
  }

  private func digest() throws(HDF5Problem) -> String {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    // These calls fail only without memory or without the algorithm, which libcrypto always has.
    precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto has SHA-256")
    for offset in stride(from: 0, to: size, by: 1 << 20) {
      let bytes = try file.prefix(1 << 20, at: offset)
      precondition(EVP_DigestUpdate(context, bytes, bytes.count) == 1, "libcrypto hashes")
    }
    var digest = [UInt8](repeating: 0, count: 32)
    precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "libcrypto hashes")
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 2 ? digits : "0" + digits
    }.joined()
  }
}
