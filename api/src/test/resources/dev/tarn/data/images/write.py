# Writes the images of ImageFolderTests and what the Python Imaging Library makes of them.
import sys
import numpy as np
from PIL import Image, ImageOps

d = sys.argv[1]
r = np.random.RandomState(0)
y, x = np.mgrid[0:13, 0:9]
rgb = np.stack([x * 25, y * 18, (x + y) * 10], 2).astype('u1')
rgb = np.clip(rgb + r.randint(0, 40, rgb.shape), 0, 255).astype('u1')
image = Image.fromarray(rgb)
image.save(f'{d}/rgb.png')
alpha = Image.merge('RGBA', (*image.split(), Image.fromarray((x * 20).astype('u1'))))
alpha.save(f'{d}/rgba.png')
image.quantize(16).save(f'{d}/palette.png')
gray = image.convert('L')
gray.save(f'{d}/gray.png')
Image.merge('LA', (gray, Image.fromarray((x * 20).astype('u1')))).save(f'{d}/la.png')
gray.convert('1').save(f'{d}/bits.png')
Image.fromarray((np.asarray(gray).astype('u2') * 256 + 77)).save(f'{d}/gray16.png')
smooth = Image.fromarray(np.stack([x * 25, y * 18, (x + y) * 10], 2).astype('u1'))
smooth.save(f'{d}/photo.jpg', quality=95, subsampling=0)
smooth.convert('L').save(f'{d}/gray.jpg', quality=95)
smooth.convert('CMYK').save(f'{d}/cmyk.jpg')

def save(name, picture):
    a = np.asarray(picture)
    np.save(f'{d}/{name}.npy', a[None] if a.ndim == 2 else np.ascontiguousarray(a.transpose(2, 0, 1)))

for name in ('rgb.png', 'rgba.png', 'palette.png', 'gray.png', 'la.png', 'bits.png', 'photo.jpg', 'gray.jpg'):
    save(name, Image.open(f'{d}/{name}').convert('RGB'))
save('gray16.png', gray.convert('RGB'))
save('rgb-gray', image.convert('L'))
save('rgb-crop', ImageOps.fit(image, (6, 5), Image.BILINEAR))
save('rgb-stretch', image.resize((6, 5), Image.BILINEAR))
save('rgb-larger', image.resize((20, 17), Image.BILINEAR))
