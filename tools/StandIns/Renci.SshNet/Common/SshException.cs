namespace Renci.SshNet.Common;

/// <summary>Something about SSH failed.</summary>
public class SshException : Exception
{
    public SshException(string? message)
        : base(message)
    {
    }

    public SshException(string? message, Exception? inner)
        : base(message, inner)
    {
    }
}

/// <summary>The connection could not be made, or is gone.</summary>
public class SshConnectionException : SshException
{
    public SshConnectionException(string? message)
        : base(message)
    {
    }

    public SshConnectionException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The server did not accept who connects.</summary>
public class SshAuthenticationException(string message) : SshException(message);

/// <summary>The peer took too long.</summary>
public class SshOperationTimeoutException(string message) : SshException(message);

/// <summary>There is no such remote file or folder.</summary>
public class SftpPathNotFoundException(string message) : SshException(message);

/// <summary>The remote user may not do this to the file or folder.</summary>
public class SftpPermissionDeniedException(string message) : SshException(message);
