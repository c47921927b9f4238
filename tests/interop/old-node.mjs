// What Node 18 lacks; later ones have it.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
