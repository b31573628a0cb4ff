import type { Detector } from '../../detector.ts';

/** Names of accounts that are nobody's: of systems, services and documentation. */
const nobody =
  /^(?:user(?:name|s)?|you|your\w*|my\w*|me|name|root|admin|administrator|ubuntu|debian|fedora|centos|ec2-user|node|app|apps|runner(?:admin)?|vsts|circleci|travis|jenkins|git|www-data|pi|shared|public|default|guest|home|foo|bar|test|dev|work|linuxbrew|coder|vscode|jovyan|some\w*|example)$/i;

/** Whose folder it is: paths in logs and stack traces tell the name of a person's account. */
export const homeDirectory: Detector = {
  kind: 'USER_NAME',
  category: 'personal',
  anchor: { literals: ['/Users/', '/home/', '\\Users\\', '\u00A5Users\u00A5'] },
  pattern:
    /(?<=(?:^|[\s"'`(=:,;>])|[A-Z]:)([/\\\u00A5])(?:Users|home)\1{1,2}(?<secret>[A-Za-z][\w-]{2,31})(?=[/\\\u00A5\s"'`),;:]|$)/y,
  validate: ({ groups }) => !nobody.test(groups?.['secret'] ?? ''),
  longest: 48,
  example: '/home/{a9}/notes.txt',
  source: 'https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03s08.html',
};
