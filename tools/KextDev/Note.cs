namespace KextDev;

/// <summary>One plain sentence to the person who waits: what was decided and why, or what takes long.</summary>
public delegate void Note(string sentence);
