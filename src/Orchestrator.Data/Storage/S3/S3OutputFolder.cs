using Amazon.S3;

namespace Orchestrator.Data.Storage.S3;

/// <summary>
/// An output folder in a bucket. Files are made in the spool, then uploaded below the prefix <c>.work</c>, which only the job
/// reads. Publishing copies them inside the server to the names that readers of such folders expect (<c>00000000.tar</c> and
/// so on; a manifest that pointed into <c>.work</c> would be readable by this project alone), and writes
/// <c>manifest.json</c> last, on the condition that nobody else did: what it names is what is published.
/// </summary>
/// <remarks>
/// There is no rename, so <c>.work-done/{job}</c> says that <c>.work/{job}</c> may be deleted: a half-deleted prefix could not be told
/// from one in use. The server keeps the bytes that it was given, checked on arrival; so a kept object is taken for what was kept
/// where it says the same length and digest, and its content is read again only where it is fetched.
/// </remarks>
internal sealed class S3OutputFolder(S3Server server, S3Address root, Spool spool, string job) : IOutputFolder
{
    private readonly S3Address _marker = root.Child($"{OutputLayout.Work}-done/{job}");

    /// <inheritdoc />
    public string Root => root.ToString();

    /// <inheritdoc />
    public string Scratch { get; } = spool.ScratchOf(root.ToString());

    /// <inheritdoc />
    public bool IsFinished(string manifest) =>
        server.Stat(root.Child(manifest)) is not null
        && (server.Stat(_marker) is not null || !server.List(root.Bucket, root.Child(OutputLayout.WorkOf(job)).Prefix).Any());

    /// <inheritdoc />
    public void Keep(string relative, FileDigest digest) =>
        S3Upload.Put(server, Path.Combine(Scratch, relative), root.Child(relative), digest.Sha256, WriteCondition.None);

    /// <inheritdoc />
    public string Fetch(string relative, FileDigest digest, SpoolPins pins)
    {
        var address = root.Child(relative);
        return spool.Fetch($"{address}#{digest.Sha256}", to =>
        {
            FileDigest read;
            try
            {
                read = S3Storage.Download(server, address, null, to);
            }
            catch (Exception e) when (server.Stat(address) is null)
            {
                throw SpoiltFileException.Gone(Root, relative, e);
            }

            if (read != digest)
            {
                File.Delete(to);
                throw SpoiltFileException.Changed(Root, relative, digest, read);
            }
        }, pins);
    }

    /// <inheritdoc />
    public void Release(string relative)
    {
        var local = Path.Combine(Scratch, relative);
        if (Directory.Exists(local))
        {
            Directory.Delete(local, recursive: true);
        }
    }

    /// <inheritdoc />
    public void Discard(string relative)
    {
        Release(relative);
        var below = root.Child(relative);
        server.AbortUploads(below);
        server.Delete(server.List(below.Bucket, below.Prefix).Select(f => S3Address.Parse(f.Path)));
    }

    /// <inheritdoc />
    public bool Has(string relative, string name, FileDigest digest) => IsThere(relative, digest) || (name.Length > 0 && IsThere(name, digest));

    /// <inheritdoc />
    public void Place(string relative, string name, FileDigest digest)
    {
        var (from, to) = (root.Child(relative), root.Child(name));

        // What an upload said of itself: an object that somebody else put there does not say it, and the server keeps its bytes.
        if (Digest(from) is { } kept && kept != digest)
        {
            throw SpoiltFileException.Changed(Root, relative, digest, kept);
        }

        try
        {
            S3Upload.Copy(server, from, to, digest.Bytes, digest.Sha256);
        }
        catch (AmazonS3Exception e) when (S3Faults.IsMissing(e) && Digest(to) == digest)
        {
            // Placed by an earlier attempt, which then deleted its source.
        }
        catch (AmazonS3Exception e) when (S3Faults.IsMissing(e))
        {
            throw SpoiltFileException.Gone(Root, relative, e);
        }
    }

    /// <inheritdoc />
    public void Commit(string attempt, string name, byte[] content, NamedContent? before)
    {
        var to = root.Child(name);
        try
        {
            S3Upload.Put(server, content, to, FileDigest.Of(content).Sha256, new WriteCondition(before is null, before?.Version));
        }
        catch (AmazonS3Exception e) when (S3Faults.IsCondition(e) || S3Faults.IsMissing(e))
        {
            // A late attempt of the same phase writes the same bytes; so does a request whose answer was lost.
            if (Read(name) is not { } there || !there.Bytes.AsSpan().SequenceEqual(content))
            {
                throw new StorageRefusedException($"{to}: another writer has changed the file meanwhile; give every job an output of its own and submit this one again.", e);
            }
        }
    }

    /// <inheritdoc />
    public NamedContent? Read(string name)
    {
        var address = root.Child(name);
        if (server.Stat(address) is not { } file)
        {
            return null;
        }

        using var source = server.OpenRead(address, file.Version);
        var bytes = new byte[file.Bytes];
        source.ReadExactly(bytes);
        return new NamedContent(bytes, file.Version);
    }

    /// <inheritdoc />
    public void Delete(string name) => server.Delete([root.Child(name)]);

    /// <inheritdoc />
    public void Finish()
    {
        var work = root.Child(OutputLayout.WorkOf(job));
        S3Upload.Put(server, [], _marker, FileDigest.Of([]).Sha256, WriteCondition.None);
        server.AbortUploads(root);
        server.Delete(server.List(work.Bucket, work.Prefix).Select(f => S3Address.Parse(f.Path)));
        server.Delete([_marker]);
    }

    /// <inheritdoc />
    public void Clear() => Discard(OutputLayout.WorkOf(job));

    private bool IsThere(string relative, FileDigest digest) => server.Stat(root.Child(relative)) is { } file && file.Bytes == digest.Bytes;

    private FileDigest? Digest(S3Address address) =>
        server.StatWithDigest(address) is { } there ? new FileDigest(there.File.Bytes, there.Sha256 ?? "") : null;
}
